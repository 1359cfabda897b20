using System.Text;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// A model on disk: <c>config.json</c> beside <c>model.safetensors</c>, or beside numbered parts with an index where the weights
/// are larger than <see cref="LargestPart"/>.
/// </summary>
public static class ModelFolder
{
    /// <summary>The configuration's file name.</summary>
    public const string ConfigName = "config.json";

    /// <summary>The weights' file name where they are in one file.</summary>
    public const string WeightsName = "model.safetensors";

    /// <summary>The index's file name where they are in several.</summary>
    public const string IndexName = "model.safetensors.index.json";

    /// <summary>Bytes of tensors in one file: 4 GiB.</summary>
    public const long LargestPart = 4L << 30;

    /// <summary>The folder inside a model's that keeps its weights as programs pack them; it can be deleted at any time.</summary>
    public const string PackedName = "packed";

    /// <summary>Where a training run keeps its model.</summary>
    internal const string RunPart = "model";

    private const long LargestConfig = 1 << 20;

    /// <summary>Raised at every read of a configuration with its path, so that tests can count them.</summary>
    internal static event Action<string>? ReadingConfig;

    /// <summary>Whether a folder holds a model.</summary>
    /// <param name="folder">The folder.</param>
    public static bool IsModel(string folder) => File.Exists(Path.Combine(folder, ConfigName));

    /// <summary>Whether a file is one that a model folder may hold and a new model may replace.</summary>
    /// <param name="path">The file or folder.</param>
    internal static bool IsPart(string path)
    {
        var name = Path.GetFileName(path);
        if (name == ConfigName)
            return ModelType.Of(ReadConfig(Path.GetDirectoryName(path)!)) is not null;
        if (name == PackedName)
            return Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).All(static e => Path.GetExtension(e) == ".packed" || AtomicFile.IsLeftOver(e));
        return File.Exists(path) && (name is IndexName or "classes.txt" or "sampling.json" ||
            (name.StartsWith("model", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal)));
    }

    /// <summary>The folder itself where it holds a model, else its part of this name, else the model of the training run that it is.</summary>
    /// <param name="folder">A model's folder, that of a pipeline or of a run, or the name of one of <see cref="BundledModels"/>.</param>
    /// <param name="part">The part's name, for example <c>tokenizer</c>.</param>
    /// <exception cref="CheckpointException">Neither holds a model.</exception>
    public static string Find(string folder, string part)
    {
        folder = BundledModels.Locate(folder);
        // A pipeline's parts may be runs as well: runs/tokenizer and runs/generator.
        foreach (var place in (ReadOnlySpan<string>)[folder, Path.Combine(folder, part), Path.Combine(folder, part, RunPart), Path.Combine(folder, RunPart)])
        {
            if (IsModel(place))
                return place;
        }
        if (File.Exists(folder))
            throw new CheckpointException(folder, "this is a file where a model folder is needed; 'hita import' makes a folder of a checkpoint.");
        throw new CheckpointException(folder, Directory.Exists(folder)
            ? $"this folder holds neither a {ConfigName} nor a folder '{part}' with one; 'hita import' makes such a folder of a checkpoint."
            : "there is no such folder.");
    }

    /// <summary>Reads the configuration's text.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <exception cref="CheckpointException">It is missing or far too large.</exception>
    public static string ReadConfig(string folder)
    {
        var path = Path.Combine(folder, ConfigName);
        ReadingConfig?.Invoke(path);
        try
        {
            return new FileInfo(path).Length <= LargestConfig
                ? File.ReadAllText(path)
                : throw new CheckpointException(path, "this is too large for a configuration.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"the configuration cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>Opens the weights, in one file or in several.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <exception cref="CheckpointException">They are missing or broken.</exception>
    public static ITensorSource OpenWeights(string folder)
    {
        var single = Path.Combine(folder, WeightsName);
        if (File.Exists(single))
            return SafetensorsFile.Open(single);
        var index = Path.Combine(folder, IndexName);
        return File.Exists(index)
            ? ShardedTensors.Open(folder, index)
            : throw new CheckpointException(folder, $"the folder has a configuration but no weights ({WeightsName}); import or create the model again.");
    }

    /// <summary>Writes a model from tensors in memory. It appears whole or not at all.</summary>
    /// <param name="folder">The folder; where it holds a model already, that is replaced.</param>
    /// <param name="configJson">The configuration's text.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="largestPart">Bytes of tensors in one file.</param>
    /// <exception cref="CheckpointException">The folder cannot be written, or holds something else.</exception>
    public static void Write(
        string folder, string configJson, IReadOnlyDictionary<string, Tensor> tensors, long largestPart = LargestPart)
    {
        using var writer = new ModelFolderWriter(
            folder, configJson, [.. tensors.Select(static t => TorchTensors.Describe(t.Key, t.Value))], largestPart);
        foreach (var (name, tensor) in tensors)
            writer.Write(name, tensor);
        writer.Complete();
    }

    /// <summary>UTF-8 without a mark at the beginning, which other readers of JSON do not expect.</summary>
    internal static Encoding Text { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
}
