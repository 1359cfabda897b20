using System.Buffers;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>
/// Copies tensors from opened files to a new one a few megabytes at a time, so that importing takes the same little memory for
/// a file of any size.
/// </summary>
public static class CheckpointCopier
{
    private const int MostElements = 1 << 18;
    private const int WidestElement = 16;

    /// <summary>The entries to declare for a plan's tensors: their new names, with the types they have in the file.</summary>
    /// <param name="plans">The plans, each over its own file.</param>
    /// <param name="floatType">The type to give to all floating-point tensors; null keeps each tensor's own.</param>
    /// <returns>The tensors to copy and, in <see cref="PlannedTensor.Target"/>, the entries to declare.</returns>
    /// <exception cref="ArgumentException">The type is not a floating-point one.</exception>
    public static IReadOnlyList<PlannedTensor> KeepTypes(IEnumerable<LoadPlan> plans, TensorType? floatType = null)
    {
        if (floatType is { } wanted && !wanted.IsFloat())
            throw new ArgumentException($"{wanted} is not a floating-point type.", nameof(floatType));
        return [.. plans.SelectMany(p => p.Tensors).Select(t =>
        {
            var type = t.Entry.Type.IsFloat() ? floatType ?? t.Entry.Type : t.Entry.Type;
            return t with { Target = new TensorEntry(t.Target.Name, type, t.Entry.Shape) };
        })];
    }

    /// <summary>Copies.</summary>
    /// <param name="tensors">What to copy; each target must have been declared to the sink.</param>
    /// <param name="sink">Where to; it is not completed here.</param>
    /// <param name="checkFinite">Whether infinite values and values that are not numbers are faults.</param>
    /// <param name="progress">Told after each part; null for nobody.</param>
    /// <param name="cancellation">Stops between two parts.</param>
    /// <exception cref="CheckpointException">A file cannot be read or written, or lists all tensors whose values are at fault.</exception>
    public static void Copy(
        IReadOnlyList<PlannedTensor> tensors,
        ITensorSink sink,
        bool checkFinite = true,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var steps = new LoadSteps(progress, tensors.Sum(t => t.Entry.ByteLength), cancellation);
        var raw = ArrayPool<byte>.Shared.Rent(MostElements * WidestElement);
        var converted = ArrayPool<byte>.Shared.Rent(MostElements * WidestElement);
        var faults = new LoadFaults();
        ITensorSource? faulty = null;
        try
        {
            foreach (var tensor in tensors)
            {
                var verdict = CopyOne(tensor, sink, checkFinite, raw, converted, steps);
                if (verdict != TensorFiller.Verdict.Fits)
                    faulty ??= tensor.Source;
                StrictLoader.AddFault(faults, tensor, verdict);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
            ArrayPool<byte>.Shared.Return(converted);
        }
        if (faulty is not null)
            throw new CheckpointException(faulty.Path, $"the weights cannot be used: {faults.Describe()}.");
    }

    private static TensorFiller.Verdict CopyOne(
        PlannedTensor tensor, ITensorSink sink, bool checkFinite, byte[] raw, byte[] converted, LoadSteps steps)
    {
        var (entry, target) = (tensor.Entry, tensor.Target);
        var (from, to) = (entry.Type.Size(), target.Type.Size());
        var verdict = TensorFiller.Verdict.Fits;
        for (var at = 0L; at < entry.Count; at += MostElements)
        {
            var count = (int)Math.Min(MostElements, entry.Count - at);
            var part = raw.AsSpan(0, count * from);
            tensor.Source.ReadPart(entry.Name, at * from, part);
            if (verdict == TensorFiller.Verdict.Fits && (entry.Type.IsFloat() ? checkFinite : entry.Type.IsInteger() && entry.Type != target.Type))
                verdict = TensorFiller.CheckPart(entry.Type, target.Type, part, converted);
            if (entry.Type != target.Type)
                part = TensorFiller.Convert(entry.Type, target.Type, part, converted)[..(count * to)];
            sink.Write(target.Name, part);
            steps.Done(entry.Name, (long)count * from);
        }
        return verdict;
    }
}
