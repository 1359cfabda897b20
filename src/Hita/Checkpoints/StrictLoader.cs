using Hita.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// Copies a file's tensors into a model's, all or none: every fault of names, shapes, types and values is collected first, and
/// nothing is copied while there is one.
/// </summary>
/// <remarks>The tensor library's own loading broadcasts, casts and ignores in silence, and ends the process on some shapes.</remarks>
public static class StrictLoader
{
    /// <summary>Loads.</summary>
    /// <param name="source">The opened file.</param>
    /// <param name="targets">The model's parameters and buffers by name, on any device but meta.</param>
    /// <param name="options">How names are matched; null for equal names.</param>
    /// <param name="progress">Told after each tensor; null for nobody.</param>
    /// <param name="cancellation">Stops between two tensors; the targets are unusable then.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="CheckpointException">Lists all faults in one sentence; no target has been changed.</exception>
    public static LoadReport Load(
        ITensorSource source,
        IReadOnlyDictionary<string, Tensor> targets,
        LoadOptions? options = null,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        options ??= new LoadOptions();
        var faults = new LoadFaults();
        var plan = LoadPlan.Match(source, Expected(targets), options, faults);

        var bytes = plan.Tensors.Sum(p => p.Entry.ByteLength);
        var toCheck = plan.Tensors.Where(p => NeedsValueCheck(p, options)).ToList();
        var steps = new LoadSteps(progress, bytes + toCheck.Sum(p => p.Entry.ByteLength), cancellation);
        foreach (var pair in toCheck)
        {
            AddFault(faults, pair, TensorFiller.Check(source, pair.Entry, pair.Target.Type));
            steps.Done(pair.Entry.Name, pair.Entry.ByteLength);
        }
        if (faults.Count > 0)
            throw LoadPlan.Refuse(source, options, faults);

        foreach (var pair in plan.Tensors)
        {
            TensorFiller.Fill(source, pair.Entry, targets[pair.Target.Name], pair.Target.Type);
            steps.Done(pair.Entry.Name, pair.Entry.ByteLength);
        }
        return new LoadReport(plan.Tensors.Count, bytes, plan.Dropped, plan.LeftAsIs, plan.Tensors.Count(p => p.Entry.Type != p.Target.Type));
    }

    /// <summary>Adds what a check of values found.</summary>
    internal static void AddFault(LoadFaults faults, PlannedTensor pair, TensorFiller.Verdict verdict)
    {
        var (name, type) = (pair.Target.Name, pair.Target.Type);
        if (verdict == TensorFiller.Verdict.NonFinite)
            faults.NonFinite.Add(name);
        else if (verdict == TensorFiller.Verdict.TooLarge && type.IsFloat())
            faults.NonFinite.Add($"{name} (too large for {type.PlainName()})");
        else if (verdict == TensorFiller.Verdict.TooLarge)
            faults.WrongTyped.Add($"{name} (holds values beyond {type.PlainName()})");
    }

    private static Dictionary<string, TensorEntry> Expected(IReadOnlyDictionary<string, Tensor> targets)
    {
        var expected = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        foreach (var (name, target) in targets)
        {
            if (target.device_type == DeviceType.META)
                throw new ArgumentException($"{name} has no memory to load into: it lies on the meta device.", nameof(targets));
            expected.Add(name, TorchTensors.Describe(name, target));
        }
        return expected;
    }

    private static bool NeedsValueCheck(PlannedTensor pair, LoadOptions options) =>
        pair.Entry.Type.IsFloat() ? options.CheckFinite : pair.Entry.Type != pair.Target.Type;
}

/// <summary>Counts bytes for the listener and stops where that is asked for.</summary>
internal sealed class LoadSteps(IProgress<LoadProgress>? progress, long total, CancellationToken cancellation)
{
    private long _done;

    public void Done(string name, long bytes)
    {
        cancellation.ThrowIfCancellationRequested();
        _done += bytes;
        progress?.Report(new LoadProgress(_done, total, name));
    }
}
