using Hita.Runtime;

namespace Hita.Data;

/// <summary>How a source is read for training or measuring.</summary>
public sealed record BatchLoaderOptions
{
    /// <summary>B, images in a batch, 1 to 65,536.</summary>
    public required int BatchSize { get; init; }

    /// <summary>How images become squares of one size.</summary>
    public required Augmentation Augmentation { get; init; }

    /// <summary>Decides order and augmentation; 0 unless set.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether each epoch has an order of its own (the default) or the source's.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Whether the last batch of an epoch is left out where it is not full (the default), or shorter than the others.</summary>
    public bool DropLast { get; init; } = true;

    /// <summary>
    /// Whether another image, chosen by the seed, takes the place of one that cannot be read (the default), so that all
    /// batches have one size, or the batch is shorter.
    /// </summary>
    public bool ReplaceUnreadable { get; init; } = true;

    /// <summary>
    /// The share of images that may be unreadable before loading stops, 0 to 1; 0.1 unless set. It is judged from the tenth
    /// unreadable image on; at 0 the first one stops.
    /// </summary>
    public double MaxUnreadable { get; init; } = 0.1;

    /// <summary>Threads that decode, 1 to 256; 0 (the default) takes one less than there are processors, 1 to 16.</summary>
    public int Workers { get; init; }

    /// <summary>Batches that may be ready or in the making at once, 1 to 64; 3 unless set. Each takes B · S² · 3 bytes.</summary>
    public int Ahead { get; init; } = 3;

    /// <summary>Which of the shards this process reads, 0 to <see cref="ShardCount"/> − 1; 0 unless set.</summary>
    public int ShardIndex { get; init; }

    /// <summary>
    /// Processes that share an epoch, at least 1; 1 unless set. Together their n-th batches are the n-th batch that one process
    /// would read with the product of the batch sizes.
    /// </summary>
    public int ShardCount { get; init; } = 1;

    /// <summary>These settings for measuring: every image once, in the source's order, without chance.</summary>
    public BatchLoaderOptions ForMeasuring => this with
    {
        Augmentation = Augmentation.Still,
        Shuffle = false,
        DropLast = false,
        ReplaceUnreadable = false,
    };

    internal int WorkerCount => Workers > 0 ? Workers : Math.Clamp(Environment.ProcessorCount - 1, 1, 16);

    /// <summary>Checks every setting.</summary>
    /// <returns>The settings themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public BatchLoaderOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Range(BatchSize, 1, 65_536, "batch size");
        faults.Range(Workers, 0, 256, "workers");
        faults.Range(Ahead, 1, 64, "batches ahead");
        faults.Range(ShardCount, 1, 65_536, "shard count");
        faults.Range(ShardIndex, 0, Math.Max(ShardCount - 1, 0), "shard index");
        faults.Range(MaxUnreadable, 0, 1, "the share of unreadable images");
        faults.Collect(() =>
        {
            Augmentation.Validate();
            faults.Require(
                (long)BatchSize * Augmentation.Size * Augmentation.Size * 3 <= Array.MaxLength,
                $"a batch of {BatchSize} images of {Augmentation.Size}×{Augmentation.Size} pixels exceeds two gigabytes");
        });
        return faults.Checked(this, "The data loading");
    }
}
