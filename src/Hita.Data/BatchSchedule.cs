using Hita.Runtime;

namespace Hita.Data;

/// <summary>Which images the batches hold, one after the other: a function of the settings, the epoch and the number alone.</summary>
internal sealed class BatchSchedule(IImageSource source, BatchLoaderOptions options)
{
    private const ulong ReplacementPurpose = 0x5265706C_00000000;

    private EpochOrder? _order;
    private int _orderEpoch = -1;

    /// <summary>Batches of this shard in an epoch.</summary>
    public int BatchesPerEpoch { get; } = PerEpoch(source.Count, options);

    /// <summary>A batch to be filled. To be called by one thread at a time.</summary>
    public PendingBatch Plan(int epoch, int number, BatchMemory memory)
    {
        if (options.Shuffle && epoch != _orderEpoch)
        {
            _order = new EpochOrder(source.Count, source.PartStarts, source.PartsTogether, options.Seed, epoch);
            _orderEpoch = epoch;
        }
        var start = (int)((((long)number * options.ShardCount) + options.ShardIndex) * options.BatchSize);
        return new PendingBatch(epoch, number, start, Math.Min(options.BatchSize, source.Count - start), _order, memory);
    }

    /// <summary>The image for a place of a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="place">The place in it.</param>
    /// <param name="attempt">0, or the number of the replacement for images that could not be read.</param>
    public int Choose(PendingBatch batch, int place, int attempt)
    {
        if (attempt == 0)
            return batch.Order?.At(batch.Start + place) ?? batch.Start + place;
        var random = new CounterRandom(options.Seed, (ulong)(batch.Start + place), ReplacementPurpose + (ulong)batch.Epoch);
        var chosen = 0;
        for (var i = 0; i < attempt; i++)
            chosen = random.Below(source.Count);
        return chosen;
    }

    private static int PerEpoch(int count, BatchLoaderOptions options)
    {
        var together = (long)options.BatchSize * options.ShardCount;
        if (options.DropLast)
            return (int)(count / together);
        var first = (long)options.ShardIndex * options.BatchSize;
        return count <= first ? 0 : (int)((count - first + together - 1) / together);
    }
}
