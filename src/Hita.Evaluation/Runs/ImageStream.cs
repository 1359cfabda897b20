using Hita.Data;
using Hita.Imaging;
using Hita.Metrics;

namespace Hita.Evaluation.Runs;

/// <summary>
/// Reads items ahead on all processors and hands them on in order, a batch at a time. Never more than a few batches are held, so
/// that memory does not grow with the number of items.
/// </summary>
internal static class ImageStream
{
    /// <summary>Batches of items from <paramref name="first"/> to <paramref name="count"/>, exclusive.</summary>
    /// <param name="first">The first item.</param>
    /// <param name="count">The end.</param>
    /// <param name="batchSize">Items a batch; the last one has what is left.</param>
    /// <param name="read">Makes an item; runs on several threads at once.</param>
    /// <param name="cancellation">Stops before the next batch.</param>
    public static IEnumerable<IReadOnlyList<T>> Read<T>(int first, int count, int batchSize, Func<int, T> read, CancellationToken cancellation)
    {
        var ahead = new Queue<Task<T>>();
        var next = first;
        var window = Math.Max(batchSize, Environment.ProcessorCount) + batchSize;
        try
        {
            for (var at = first; at < count;)
            {
                cancellation.ThrowIfCancellationRequested();
                while (next < count && ahead.Count < window)
                {
                    var item = next++;
                    ahead.Enqueue(Task.Run(() => read(item), CancellationToken.None));
                }
                var batch = new List<T>(batchSize);
                while (batch.Count < batchSize && ahead.TryDequeue(out var task))
                    batch.Add(task.GetAwaiter().GetResult());
                at += batch.Count;
                yield return batch;
            }
        }
        finally
        {
            // Nothing may read from a source that the caller is about to close; what failed has been or need not be reported.
            foreach (var task in ahead)
                task.ContinueWith(static _ => { }, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }

    /// <summary>
    /// Which images of a source a run of <paramref name="count"/> looks at: all, or an even choice that is the same everywhere,
    /// in the source's order.
    /// </summary>
    public static int[] Choose(IImageSource source, int count)
    {
        if (count >= source.Count)
            return [.. Enumerable.Range(0, source.Count)];
        var chosen = SampleOrder.Shuffled(source.Count)[..count];
        Array.Sort(chosen);
        return chosen;
    }
}

/// <summary>Identifies a list of images by their pixels and their order; can be saved and taken up again.</summary>
public sealed class ImageHash : IAccumulator<ImageHash>
{
    private UInt128 _sum;

    /// <inheritdoc/>
    public long Count { get; private set; }

    /// <summary>Adds the next image.</summary>
    /// <param name="image">The image.</param>
    public void Add(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        // The place and the size go into each image's hash, so that a sum, which can be taken up again, tells orders apart.
        var place = (Count * 0x1_0000_0001) ^ ((long)image.Width << 20) ^ image.Height;
        _sum = unchecked(_sum + System.IO.Hashing.XxHash128.HashToUInt128(image.Pixels, place));
        Count++;
    }

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => _sum.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    /// <remarks>Places are counted from the start, so only an empty list or an empty other one can be merged.</remarks>
    public void Merge(ImageHash other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Count > 0 && other.Count > 0)
            throw new ArgumentException("Hashes of two lists cannot be merged: an image's place counts.", nameof(other));
        (_sum, Count) = other.Count > 0 ? (other._sum, other.Count) : (_sum, Count);
    }

    IEnumerable<StatePart> IAccumulator<ImageHash>.Capture() =>
        [StatePart.Of<long>("state", new long[] { Count, unchecked((long)(ulong)_sum), unchecked((long)(ulong)(_sum >> 64)) })];

    static ImageHash IAccumulator<ImageHash>.Restore(StateSource source)
    {
        var state = new long[3];
        source.Read("state", state.AsSpan());
        source.Require(state[0] >= 0, "state");
        return new ImageHash { Count = state[0], _sum = new UInt128(unchecked((ulong)state[2]), unchecked((ulong)state[1])) };
    }
}
