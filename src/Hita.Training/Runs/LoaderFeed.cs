using System.Diagnostics;
using Hita.Data;

namespace Hita.Training.Runs;

/// <summary>A loader's batches as steps, beginning anywhere.</summary>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
/// <param name="loader">Reads whole steps.</param>
/// <param name="firstStep">The step to begin with, from 1.</param>
internal abstract class LoaderFeed<TBatch>(BatchLoader loader, long firstStep) : IBatchFeed<TBatch>
{
    private IEnumerator<ImageBatch>? _batches;

    /// <inheritdoc/>
    public double WaitSeconds { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<TBatch> NextBatches(CancellationToken cancellation)
    {
        var asked = Stopwatch.GetTimestamp();
        if (_batches is null)
        {
            var (epoch, number) = Math.DivRem(firstStep - 1, loader.BatchesPerEpoch);
            _batches = loader.Batches(checked((int)epoch), (int)number, cancellation).GetEnumerator();
        }
        _batches.MoveNext();
        WaitSeconds = Stopwatch.GetElapsedTime(asked).TotalSeconds;
        using var batch = _batches.Current;
        return Split(batch);
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        _batches?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a step learns from, of the images of the step, which are freed afterwards.</summary>
    protected abstract IReadOnlyList<TBatch> Split(ImageBatch images);
}
