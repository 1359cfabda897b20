using System.Diagnostics;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data;

/// <summary>
/// Reads a source batch by batch, decoding on threads of its own ahead of need. Which images a batch holds, in which order
/// and how cropped, is a function of settings, epoch and number, so that reading can go on anywhere.
/// </summary>
/// <remarks>
/// An image that cannot be read is counted, named in <see cref="Statistics"/> and replaced or left out; too many of them stop
/// the reading with one sentence. One thread asks for batches at a time.
/// </remarks>
public sealed class BatchLoader
{
    private readonly BatchMemoryPool _pool;
    private readonly UnreadableImages _unreadable;
    private readonly Lock _counting = new();
    private long _read;
    private TimeSpan _waited;
    private TimeSpan _elapsed;

    /// <summary>Creates a loader. Nothing is read yet.</summary>
    /// <param name="source">What is read; it stays the caller's and must be open while batches are asked for.</param>
    /// <param name="options">How it is read.</param>
    /// <exception cref="ConfigException">The settings have faults.</exception>
    /// <exception cref="DataException">The source has not one full batch, and only full ones are asked for.</exception>
    public BatchLoader(IImageSource source, BatchLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        (Source, Options) = (source, options.Validate());
        _unreadable = new UnreadableImages(source.Description, options.MaxUnreadable);
        BatchesPerEpoch = new BatchSchedule(source, options).BatchesPerEpoch;
        if (BatchesPerEpoch == 0)
        {
            var needed = (long)options.BatchSize * options.ShardCount;
            throw new DataException(source.Description, $"these are fewer images than the {needed} of a batch; make the batches smaller.");
        }
        _pool = new BatchMemoryPool(options.BatchSize, options.Augmentation.Size * options.Augmentation.Size * Image.Channels);
    }

    /// <summary>What is read.</summary>
    public IImageSource Source { get; }

    /// <summary>How it is read.</summary>
    public BatchLoaderOptions Options { get; }

    /// <summary>Batches in an epoch, at least 1; for this shard where there are several.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>What has been done so far, over all calls.</summary>
    public LoaderStatistics Statistics
    {
        get
        {
            lock (_counting)
                return new(_read, _unreadable.Count, [.. _unreadable.First], _waited, _elapsed);
        }
    }

    /// <summary>Batches without end, epoch after epoch. Decoding begins with the first one asked for and ends with the loop.</summary>
    /// <param name="epoch">The epoch to begin in, from 0.</param>
    /// <param name="number">The batch to begin with, from 0; beyond the epoch's last it is the next epoch's first.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">Too many images cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token asks to stop.</exception>
    public IEnumerable<ImageBatch> Batches(int epoch = 0, int number = 0, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return Read(epoch, number, endless: true, cancellation);
    }

    /// <summary>The batches of one epoch.</summary>
    /// <param name="epoch">Which, from 0.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">Too many images cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token asks to stop.</exception>
    public IEnumerable<ImageBatch> Epoch(int epoch = 0, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return Read(epoch, 0, endless: false, cancellation);
    }

    private IEnumerable<ImageBatch> Read(int epoch, int number, bool endless, CancellationToken cancellation)
    {
        using var ahead = new DecodeAhead(Source, Options, _pool, epoch, number, endless);
        long? last = null;
        var any = false;
        while (true)
        {
            var asked = Stopwatch.GetTimestamp();
            if (ahead.Next(cancellation) is not { } pending)
                break;
            last = CountTime(asked, last);
            if (Finished(pending) is not { } batch)
                continue;
            any = true;
            yield return batch;
        }
        if (!any)
            _unreadable.RequireSome(0);
    }

    // The first batch is always waited for, so that time counts from when it was there.
    private long CountTime(long asked, long? last)
    {
        var now = Stopwatch.GetTimestamp();
        if (last is { } before)
        {
            lock (_counting)
            {
                _waited += Stopwatch.GetElapsedTime(asked, now);
                _elapsed += Stopwatch.GetElapsedTime(before, now);
            }
        }
        return now;
    }

    private ImageBatch? Finished(PendingBatch pending)
    {
        pending.Error?.Throw();
        var size = Options.Augmentation.Size;
        var count = pending.Compact(size * size * Image.Channels);
        Count(count, pending.Faults);
        if (count > 0)
            return new ImageBatch(pending.Epoch, pending.Number, size, pending.Memory, count, Release);
        _pool.Return(pending.Memory);
        return null;
    }

    private void Count(int read, IReadOnlyList<string> faults)
    {
        lock (_counting)
        {
            _read += read;
            foreach (var fault in faults)
                _unreadable.Add(fault);
            _unreadable.Check(_read + _unreadable.Count);
        }
    }

    private void Release(ImageBatch batch) => _pool.Return(batch.Memory);
}
