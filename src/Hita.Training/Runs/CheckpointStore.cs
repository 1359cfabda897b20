using System.Globalization;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Runs;

/// <summary>The checkpoints of a run: folders <c>step-00001000</c> with <c>config.json</c>, tensors by file, <c>state.json</c> and the files' checksums.</summary>
public sealed class CheckpointStore
{
    /// <summary>Their folder inside a run's.</summary>
    public const string FolderName = "checkpoints";

    private const string Prefix = "step-";
    private readonly string _folder;

    internal CheckpointStore(string folder) => _folder = folder;

    /// <summary>The steps that have a checkpoint, oldest first.</summary>
    public IReadOnlyList<long> Steps => Directory.Exists(_folder)
        ? [.. Directory.EnumerateDirectories(_folder, Prefix + "*").Select(static f => StepOf(f)).OfType<long>().Where(s => Directory.Exists(FolderOf(s))).Distinct().Order()]
        : [];

    /// <summary>The folder of a step's checkpoint.</summary>
    /// <param name="step">The step.</param>
    public string FolderOf(long step) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:00000000}"));

    /// <summary>Reads what a checkpoint says about itself, and checks that its files are all there in full length.</summary>
    /// <param name="step">The step.</param>
    /// <exception cref="CheckpointException">It is damaged.</exception>
    /// <exception cref="HitaException">A newer version of this program wrote it.</exception>
    public CheckpointState Read(long step)
    {
        var path = Path.Combine(FolderOf(step), CheckpointState.FileName);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, "the file is missing.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CheckpointBytes.Explain(path, e);
        }
        RefuseNewer(text, path);
        var state = ConfigJson.Read<CheckpointState>(text, path);
        foreach (var (name, bytes) in state.Files)
        {
            if (name.Length == 0 || name != Path.GetFileName(name) || name.Contains('\0', StringComparison.Ordinal))
                throw new CheckpointException(path, $"it lists '{MessageText.Short(name)}', which is not the name of a file.");
            var file = new FileInfo(Path.Combine(FolderOf(step), name));
            if (!file.Exists || file.Length != bytes)
                throw new CheckpointException(file.FullName, $"the file {(file.Exists ? $"has {file.Length} bytes instead of {bytes}" : "is missing")}; --resume takes the checkpoint before it.");
        }
        return state;
    }

    /// <summary>Loads a checkpoint's tensors into a trainer.</summary>
    /// <param name="step">The step.</param>
    /// <param name="tensors">The trainer's tensors by file and name; they are filled in place.</param>
    /// <exception cref="CheckpointException">A file is missing or does not fit.</exception>
    public void Load(long step, IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Load(step, StateTensor.Of(tensors));
    }

    /// <summary>Loads a checkpoint's tensors, one at a time where they are nowhere as a whole.</summary>
    internal void Load(long step, IReadOnlyDictionary<string, IReadOnlyList<StateTensor>> files)
    {
        foreach (var (file, tensors) in files)
        {
            using var source = SafetensorsFile.Open(Path.Combine(FolderOf(step), FileOf(file)));
            var pieces = tensors.Where(static t => t.Write is not null).ToDictionary(static t => t.Name, StringComparer.Ordinal);
            ShapeFit.Check(
                source, pieces.ToDictionary(static t => t.Key, static t => t.Value.Entry.Shape.ToArray(), StringComparer.Ordinal),
                new LoadOptions { NameMap = n => pieces.ContainsKey(n) ? n : null });
            StrictLoader.Load(
                source, tensors.Where(static t => t.Write is null).ToDictionary(static t => t.Name, static t => t.Read(), StringComparer.Ordinal),
                new LoadOptions { NameMap = n => pieces.ContainsKey(n) ? null : n });
            foreach (var (name, piece) in pieces)
            {
                using var scope = NewDisposeScope();
                var whole = empty([.. piece.Entry.Shape], dtype: ScalarType.Float32);
                StrictLoader.Load(source, new Dictionary<string, Tensor> { [name] = whole }, new LoadOptions { NameMap = n => n == name ? n : null });
                piece.Write!(whole);
            }
        }
    }

    /// <summary>Writes a checkpoint: beside its place, flushed, then renamed, so that it is there whole or not at all.</summary>
    /// <param name="state">What to say about it.</param>
    /// <param name="configJson">The architecture's text.</param>
    /// <param name="tensors">The trainer's tensors by file and name.</param>
    /// <exception cref="HitaException">It cannot be written, or a value is not finite; every earlier checkpoint is untouched.</exception>
    public void Save(CheckpointState state, string configJson, IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Save(state, configJson, StateTensor.Of(tensors));
    }

    /// <summary>Writes a checkpoint of tensors that are put together one at a time where they are nowhere as a whole.</summary>
    internal void Save(CheckpointState state, string configJson, IReadOnlyDictionary<string, IReadOnlyList<StateTensor>> files)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (var (file, values) in files)
        {
            // Before anything is written; others are looked at when they are put together.
            foreach (var tensor in values.Where(static v => v.Write is null))
                RefuseNonFinite(state.Step, file, tensor.Name, tensor.Read());
        }
        var final = FolderOf(state.Step);
        try
        {
            using var folder = new AtomicFolder(final);
            var staging = folder.StagingFolder;
            AtomicFile.WriteText(Path.Combine(staging, ModelFolder.ConfigName), configJson);
            foreach (var (file, values) in files)
                Write(Path.Combine(staging, FileOf(file)), state.Step, file, values);
            var lengths = new DirectoryInfo(staging).EnumerateFiles().ToDictionary(static f => f.Name, static f => f.Length);
            AtomicFile.WriteText(Path.Combine(staging, CheckpointState.FileName), ConfigJson.Write(state with { Files = lengths }));
            CheckpointChecksums.Write(staging);
            folder.Complete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CheckpointException)
        {
            throw new HitaException(
                $"{final}: the checkpoint of step {state.Step} could not be written ({DiskFault.Reason(e)}); {Rest(state.Step)}.", e);
        }
    }

    /// <summary>Deletes all checkpoints but the newest and the best by validation.</summary>
    /// <param name="newest">How many of the newest stay, 1 or more.</param>
    public void Prune(int newest)
    {
        var steps = Steps;
        var best = Best();
        foreach (var step in steps.SkipLast(Math.Max(1, newest)).Where(s => s != best))
            AtomicFolder.Remove(FolderOf(step));
    }

    /// <summary>The step of the checkpoint whose validation is the lowest; null where none was validated.</summary>
    public long? Best()
    {
        (double Value, long Step)? best = null;
        foreach (var step in Steps)
        {
            if (TryRead(step) is { Validation: { } value } && !(best?.Value <= value))
                best = (value, step);
        }
        return best?.Step;
    }

    /// <summary>Removes what a kill left half written or half deleted.</summary>
    internal void CleanUp()
    {
        if (Directory.Exists(_folder))
            AtomicFolder.CleanUp(_folder, static n => n.StartsWith(Prefix, StringComparison.Ordinal));
    }

    private static string FileOf(string part) => part + ".safetensors";

    private static long? StepOf(string folder) =>
        long.TryParse(Path.GetFileName(folder).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    private CheckpointState? TryRead(long step)
    {
        try
        {
            return Read(step);
        }
        catch (HitaException)
        {
            return null;
        }
    }

    // A newer version may have keys that are not known here: that is no damage, and nothing is to be set aside for it.
    private static void RefuseNewer(string text, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("version", out var version) &&
                version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out var number) && number > CheckpointState.CurrentVersion)
                throw new HitaException($"{path}: a newer version of Hita wrote this checkpoint (its version is {number}, and {CheckpointState.CurrentVersion} is the newest known here); resume the run with that one.");
        }
        catch (JsonException)
        {
            // Reading the description says what is wrong with it.
        }
    }

    private static void Write(string path, long step, string file, IReadOnlyList<StateTensor> tensors)
    {
        using var writer = new SafetensorsWriter(path, tensors.Select(static t => t.Entry));
        foreach (var tensor in tensors)
        {
            using var scope = NewDisposeScope();
            var value = tensor.Read();
            if (tensor.Write is not null)
                RefuseNonFinite(step, file, tensor.Name, value);
            writer.Write(tensor.Name, value);
        }
        writer.Complete();
    }

    private static void RefuseNonFinite(long step, string file, string name, Tensor tensor)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        if (is_floating_point(tensor) && TensorOps.ToDouble(tensor.detach().isfinite().all()) == 0)
            throw new HitaException($"After step {step} the tensor '{name}' of {file} holds values that are not finite, so nothing was saved; resume from an earlier checkpoint with a lower learning rate.");
    }

    private string Rest(long step) => Steps.Where(s => s != step).ToList() is [.., var last]
        ? $"the checkpoint of step {last} is whole: free some space and continue with --resume"
        : "there is no earlier one: free some space and begin again";
}
