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

    /// <summary>A list that begins at a place of a longer one; 0 for the longer one itself.</summary>
    /// <param name="start">The place.</param>
    public ImageHash(long start = 0) => Start = start;

    /// <summary>The place of the first image.</summary>
    public long Start { get; }

    /// <inheritdoc/>
    public long Count { get; private set; }

    /// <summary>The place of the image to come.</summary>
    public long Next => Start + Count;

    /// <summary>Adds the next image.</summary>
    /// <param name="image">The image.</param>
    public void Add(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        // The place and the size go into each image's hash, so that a sum, which can be taken up again, tells orders apart.
        var place = (Next * 0x1_0000_0001) ^ ((long)image.Width << 20) ^ image.Height;
        _sum = unchecked(_sum + System.IO.Hashing.XxHash128.HashToUInt128(image.Pixels, place));
        Count++;
    }

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => _sum.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    /// <remarks>An image's place counts, so that only a list that begins where this one ends can be merged, or an empty one.</remarks>
    public void Merge(ImageHash other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count > 0 && other.Start != Next)
            throw new ArgumentException("Hashes of lists that do not follow each other cannot be merged: an image's place counts.", nameof(other));
        (_sum, Count) = (unchecked(_sum + other._sum), Count + other.Count);
    }

    IEnumerable<StatePart> IAccumulator<ImageHash>.Capture()
    {
        yield return StatePart.Of<long>("state", new long[] { Count, unchecked((long)(ulong)_sum), unchecked((long)(ulong)(_sum >> 64)) });
        if (Start > 0)
            yield return StatePart.Of<long>("start", new long[] { Start });
    }

    static ImageHash IAccumulator<ImageHash>.Restore(StateSource source)
    {
        var state = new long[3];
        source.Read("state", state.AsSpan());
        source.Require(state[0] >= 0, "state");
        var start = source.Has("start") ? source.ReadOne("start") : 0;
        source.Require(start >= 0, "start");
        return new ImageHash(start) { Count = state[0], _sum = new UInt128(unchecked((ulong)state[2]), unchecked((ulong)state[1])) };
    }
}
