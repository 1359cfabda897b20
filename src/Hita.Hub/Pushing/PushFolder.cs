using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Hub.Pushing;

/// <summary>
/// What of a folder goes to the hub: the parts of a model, a pipeline or a training run that other programs open, and what explains
/// them. Everything else stays: checkpoints, packed weights, other people's files, links.
/// </summary>
public sealed class PushFolder
{
    private static readonly string[] ImageTypes = [".png", ".jpg", ".jpeg", ".webp"];

    private readonly List<PushFile> _files = [];
    private readonly List<string> _leftOut = [];
    private readonly bool _isModel;
    private readonly bool _isRun;

    private PushFolder(string path)
    {
        Path = path;
        _isModel = ModelFolder.IsModel(path);
        _isRun = !_isModel && File.Exists(System.IO.Path.Combine(path, "recipe.yaml")) && ModelFolder.IsModel(System.IO.Path.Combine(path, ModelFolder.RunPart));
        Take(path, "");
        if (_isRun)
            KeepNewestSamples();
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The files that go, by their names in the repository.</summary>
    public IReadOnlyList<PushFile> Files => _files;

    /// <summary>What stays, by its path in the folder; a folder ends with a slash, and stands for all in it.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>The tokenizer's configuration; null where there is no tokenizer.</summary>
    public TokenizerConfig? Tokenizer { get; private set; }

    /// <summary>The generator's configuration; null where there is no generator.</summary>
    public GeneratorConfig? Generator { get; private set; }

    /// <summary>The names of the generator's classes; null where there is no generator.</summary>
    public ClassNames? Classes { get; private set; }

    /// <summary>Whether the tokenizer can encode, so far as its weights show.</summary>
    public bool CanEncode { get; private set; }

    /// <summary>Values in the weights of both parts, usage counters of codebooks included.</summary>
    public long ParameterCount { get; private set; }

    /// <summary>Looks at a folder. The weights' lists are read and checked, not the weights.</summary>
    /// <param name="folder">A pipeline's, a model's or a run's folder, or the name of a bundled model.</param>
    /// <exception cref="HitaException">It is none, or its model is broken.</exception>
    public static PushFolder Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var path = System.IO.Path.GetFullPath(BundledModels.Locate(folder));
        if (!Directory.Exists(path))
            throw new CheckpointException(folder, File.Exists(path) ? "this is a file; a pipeline's or a model's folder is pushed, which 'hita import' makes of a checkpoint." : "there is no such folder.");
        try
        {
            var found = new PushFolder(path);
            found.CheckModels(folder);
            return found;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(folder, $"the folder cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }

    /// <summary>Whether a file in a repository is a part of a model, which a later push without it removes.</summary>
    /// <param name="name">Its path.</param>
    internal static bool IsModelPart(string name) => name[(name.LastIndexOf('/') + 1)..] is var file &&
        (file is ModelFolder.ConfigName or ModelFolder.IndexName or ClassNames.FileName or GeneratorFolder.SamplingName ||
        (file.StartsWith("model", StringComparison.Ordinal) && file.EndsWith(".safetensors", StringComparison.Ordinal)));

    /// <summary>Whether a file is an image that the card shows.</summary>
    public static bool IsImage(string name) => ImageTypes.Contains(System.IO.Path.GetExtension(name).ToLowerInvariant());

    private void Take(string folder, string prefix)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().OrderBy(static e => e.Name, StringComparer.Ordinal))
        {
            var relative = prefix + entry.Name;
            if (entry.LinkTarget is not null)
                _leftOut.Add(relative + " (a link)");
            else if (entry is DirectoryInfo)
            {
                if (IsKnownFolder(relative))
                    Take(entry.FullName, relative + "/");
                else
                    _leftOut.Add(relative + "/");
            }
            else if (NameOnHub(relative) is { } name && !_files.Exists(f => f.Name == name))
                _files.Add(PushFile.Of(name, entry.FullName));
            else
                _leftOut.Add(relative);
        }
    }

    private bool IsKnownFolder(string relative) => relative switch
    {
        TokenizerFolder.PipelinePart or GeneratorFolder.PipelinePart => !_isModel && !_isRun,
        ModelFolder.RunPart => _isRun,
        $"{TokenizerFolder.PipelinePart}/{ModelFolder.RunPart}" or $"{GeneratorFolder.PipelinePart}/{ModelFolder.RunPart}" => !ModelFolder.IsModel(System.IO.Path.Combine(Path, System.IO.Path.GetDirectoryName(relative)!)),
        "samples" or "training" or "evaluation" => true,
        _ => relative.StartsWith("evaluation/", StringComparison.Ordinal) && relative.Count(static c => c == '/') == 1,
    };

    // Null where the file stays.
    private string? NameOnHub(string relative)
    {
        var at = relative.LastIndexOf('/');
        var (folder, file) = at < 0 ? ("", relative) : (relative[..at], relative[(at + 1)..]);
        // A run that is a pipeline's part, or all there is: its model lies where a model's would.
        var place = folder == ModelFolder.RunPart ? "" : folder.EndsWith("/" + ModelFolder.RunPart, StringComparison.Ordinal) ? folder[..^(ModelFolder.RunPart.Length + 1)] : folder;
        if (IsModelPart(file) && (place is TokenizerFolder.PipelinePart or GeneratorFolder.PipelinePart || (place.Length == 0 && (_isModel || folder == ModelFolder.RunPart))))
            return place.Length == 0 ? file : $"{place}/{file}";
        return (folder, file) switch
        {
            ("", "README.md") => relative,
            ("", _) when IsLicence(file) || IsImage(file) => relative,
            ("" or TokenizerFolder.PipelinePart or GeneratorFolder.PipelinePart, "recipe.yaml" or "metrics.jsonl") => $"training/{(folder.Length > 0 ? folder + "-" : "")}{file}",
            ("samples", _) when IsImage(file) => relative,
            ("training", _) when System.IO.Path.GetExtension(file) is ".yaml" or ".jsonl" => relative,
            ("", "report.json") => $"evaluation/{file}",
            (_, "report.json") when folder.StartsWith("evaluation", StringComparison.Ordinal) => relative,
            _ => null,
        };
    }

    private static bool IsLicence(string file) => System.IO.Path.GetFileNameWithoutExtension(file).ToUpperInvariant() is "LICENSE" or "LICENCE" or "NOTICE" &&
        System.IO.Path.GetExtension(file) is "" or ".md" or ".txt";

    // A run has a sheet for every so many steps; those of the end are what it has become.
    private void KeepNewestSamples()
    {
        var sheets = _files.Where(static f => f.Name.StartsWith("samples/", StringComparison.Ordinal)).OrderBy(static f => f.Name, StringComparer.Ordinal).SkipLast(1).ToList();
        foreach (var sheet in sheets)
        {
            _files.Remove(sheet);
            _leftOut.Add(sheet.Name);
        }
    }

    private void CheckModels(string folder)
    {
        foreach (var config in _files.Where(static f => f.Name.EndsWith(ModelFolder.ConfigName, StringComparison.Ordinal)))
        {
            var place = System.IO.Path.GetDirectoryName(config.Path)!;
            using var weights = ModelFolder.OpenWeights(place);
            ParameterCount += weights.Tensors.Values.Sum(static t => t.Count);
            if (ModelType.Of(ModelFolder.ReadConfig(place)) == GeneratorConfig.TypeName)
            {
                Generator = GeneratorFolder.ReadConfig(place);
                Classes = ClassNames.Load(place, Generator.ClassCount);
            }
            else
            {
                Tokenizer = TokenizerFolder.ReadConfig(place);
                CanEncode = Tokenizer.Holistic?.SemanticEncoder is not { IsStored: true } || weights.Tensors.Keys.Any(TokenizerTensorNames.IsSemantic);
            }
        }
        if (Tokenizer is null && Generator is null)
        {
            throw new CheckpointException(folder, _leftOut.Exists(static f => f.EndsWith($"{ModelFolder.ConfigName} (a link)", StringComparison.Ordinal))
                ? "the model's files are links, as in the hub's cache; only files of the folder's own are pushed: copy it with 'cp -rL'."
                : $"this folder holds no model to push: a {ModelFolder.ConfigName}, or a pipeline's {TokenizerFolder.PipelinePart} and {GeneratorFolder.PipelinePart} folders; 'hita import' makes them of checkpoints.");
        }
        if (Tokenizer is not null && Generator is not null)
            ImagePipeline.Check(Generator, Tokenizer);
        var links = _leftOut.Where(static f => f.EndsWith(" (a link)", StringComparison.Ordinal) && IsModelPart(f[..^" (a link)".Length])).ToList();
        if (links.Count > 0)
            throw new CheckpointException(folder, $"{links[0]} is a part of the model, and only files of the folder's own are pushed: copy the folder with 'cp -rL'.");
    }
}
