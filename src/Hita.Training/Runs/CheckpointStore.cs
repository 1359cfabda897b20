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
        foreach (var (file, targets) in tensors)
        {
            using var source = SafetensorsFile.Open(Path.Combine(FolderOf(step), FileOf(file)));
            StrictLoader.Load(source, targets);
        }
    }

    /// <summary>Writes a checkpoint: beside its place, flushed, then renamed, so that it is there whole or not at all.</summary>
    /// <param name="state">What to say about it.</param>
    /// <param name="configJson">The architecture's text.</param>
    /// <param name="tensors">The trainer's tensors by file and name.</param>
    /// <exception cref="HitaException">It cannot be written, or a value is not finite; every earlier checkpoint is untouched.</exception>
    public void Save(CheckpointState state, string configJson, IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> tensors)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(tensors);
        RefuseNonFinite(state.Step, tensors);
        var final = FolderOf(state.Step);
        try
        {
            using var folder = new AtomicFolder(final);
            var staging = folder.StagingFolder;
            AtomicFile.WriteText(Path.Combine(staging, ModelFolder.ConfigName), configJson);
            foreach (var (file, values) in tensors)
                SafetensorsWriter.Save(Path.Combine(staging, FileOf(file)), values);
            var files = new DirectoryInfo(staging).EnumerateFiles().ToDictionary(static f => f.Name, static f => f.Length);
            AtomicFile.WriteText(Path.Combine(staging, CheckpointState.FileName), ConfigJson.Write(state with { Files = files }));
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

    private static void RefuseNonFinite(long step, IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> tensors)
    {
        using var frozen = no_grad();
        foreach (var (file, values) in tensors)
        {
            foreach (var (name, tensor) in values)
            {
                using var scope = NewDisposeScope();
                if (is_floating_point(tensor) && TensorOps.ToDouble(tensor.detach().isfinite().all()) == 0)
                    throw new HitaException($"After step {step} the tensor '{name}' of {file} holds values that are not finite, so nothing was saved; resume from an earlier checkpoint with a lower learning rate.");
            }
        }
    }

    private string Rest(long step) => Steps.Where(s => s != step).ToList() is [.., var last]
        ? $"the checkpoint of step {last} is whole: free some space and continue with --resume"
        : "there is no earlier one: free some space and begin again";
}
