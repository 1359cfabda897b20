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
    /// <param name="progress">Told after each tensor; may be null.</param>
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
        var dropped = new List<string>();
        var matches = Match(source, targets, options, faults, dropped);
        var leftAsIs = Absent(targets, matches, options, faults);
        var pairs = matches.Values.Where(m => CheckTypeAndShape(m, faults)).ToList();

        var bytes = pairs.Sum(p => p.Entry.ByteLength);
        var toCheck = pairs.Where(p => NeedsValueCheck(p, options)).ToList();
        var steps = new Steps(progress, bytes + toCheck.Sum(p => p.Entry.ByteLength), cancellation);
        foreach (var pair in toCheck)
        {
            CheckValues(source, pair, options, faults);
            steps.Done(pair.Entry);
        }
        if (faults.Count > 0)
            throw Refuse(source, options, faults);

        foreach (var pair in pairs)
        {
            TensorFiller.Fill(source, pair.Entry, pair.Target, pair.Type);
            steps.Done(pair.Entry);
        }
        return new LoadReport(pairs.Count, bytes, dropped, leftAsIs, pairs.Count(p => p.Entry.Type != p.Type));
    }

    private static Dictionary<string, Pair> Match(
        ITensorSource source, IReadOnlyDictionary<string, Tensor> targets, LoadOptions options, LoadFaults faults, List<string> dropped)
    {
        var matches = new Dictionary<string, Pair>(StringComparer.Ordinal);
        foreach (var entry in source.Tensors.Values)
        {
            if (options.NameMap(entry.Name) is not { } name)
                dropped.Add(entry.Name);
            else if (!targets.TryGetValue(name, out var target))
                faults.Unexpected.Add(entry.Name);
            else if (!matches.TryAdd(name, new Pair(entry, name, target, TorchTensors.TypeOf(target))))
                faults.Duplicate.Add($"{name} (by {matches[name].Entry.Name} and {entry.Name})");
        }
        return matches;
    }

    private static List<string> Absent(
        IReadOnlyDictionary<string, Tensor> targets, Dictionary<string, Pair> matches, LoadOptions options, LoadFaults faults)
    {
        var leftAsIs = new List<string>();
        foreach (var (name, target) in targets)
        {
            if (target.device_type == DeviceType.META)
                throw new ArgumentException($"{name} has no memory to load into: it lies on the meta device.", nameof(targets));
            if (!matches.ContainsKey(name))
                (options.AllowedMissing(name) ? leftAsIs : faults.Missing).Add(name);
        }
        return leftAsIs;
    }

    private static bool CheckTypeAndShape(Pair pair, LoadFaults faults)
    {
        var shape = pair.Target.shape;
        if (!pair.Entry.HasShape(shape))
        {
            faults.Misshapen.Add($"{pair.Name} (is {pair.Entry.ShapeText}, must be [{string.Join(", ", shape)}])");
            return false;
        }
        if (pair.Entry.Type != pair.Type
            && !(pair.Entry.Type.IsFloat() && pair.Type.IsFloat())
            && !(pair.Entry.Type.IsInteger() && pair.Type.IsInteger()))
        {
            faults.WrongTyped.Add($"{pair.Name} (is {pair.Entry.TypeName}, must be {pair.Type.PlainName()})");
            return false;
        }
        return true;
    }

    private static bool NeedsValueCheck(Pair pair, LoadOptions options) =>
        pair.Entry.Type.IsFloat() ? options.CheckFinite : pair.Entry.Type != pair.Type;

    private static void CheckValues(ITensorSource source, Pair pair, LoadOptions options, LoadFaults faults)
    {
        switch (TensorFiller.Check(source, pair.Entry, pair.Type))
        {
            case TensorFiller.Outcome.NonFinite:
                faults.NonFinite.Add(pair.Name);
                break;
            case TensorFiller.Outcome.TooLarge when pair.Type.IsFloat():
                faults.NonFinite.Add($"{pair.Name} (too large for {pair.Type.PlainName()})");
                break;
            case TensorFiller.Outcome.TooLarge:
                faults.WrongTyped.Add($"{pair.Name} (holds values beyond {pair.Type.PlainName()})");
                break;
        }
    }

    private static CheckpointException Refuse(ITensorSource source, LoadOptions options, LoadFaults faults)
    {
        var advice = options.Advice?.Invoke(faults);
        return new CheckpointException(source.Path, $"the weights do not fit the model: {faults.Describe()}{(advice is null ? "" : $"; {advice}")}.");
    }

    private sealed record Pair(TensorEntry Entry, string Name, Tensor Target, TensorType Type);

    private sealed class Steps(IProgress<LoadProgress>? progress, long total, CancellationToken cancellation)
    {
        private long _done;

        public void Done(TensorEntry entry)
        {
            cancellation.ThrowIfCancellationRequested();
            _done += entry.ByteLength;
            progress?.Report(new LoadProgress(_done, total, entry.Name));
        }
    }
}
