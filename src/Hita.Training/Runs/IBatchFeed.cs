using Hita.Runtime;

namespace Hita.Training.Runs;

/// <summary>
/// Delivers what steps learn from, one step after the other. It is opened at a step, and what a step gets is a function of the seed
/// and the step alone, so that a feed opened at a later step goes on as this one would.
/// </summary>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
public interface IBatchFeed<TBatch> : IDisposable
{
    /// <summary>Seconds that the last call waited for data, work on them not counted.</summary>
    double WaitSeconds { get; }

    /// <summary>The batches of the next step, several where gradients are accumulated. They stay the feed's, and usable until the next call.</summary>
    /// <param name="cancellation">Stops the wait.</param>
    /// <exception cref="HitaException">Too much of the data cannot be read.</exception>
    IReadOnlyList<TBatch> NextBatches(CancellationToken cancellation);
}
