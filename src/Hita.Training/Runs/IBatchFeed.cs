using Hita.Runtime;

namespace Hita.Training.Runs;

/// <summary>Delivers what steps learn from, in an order that is a function of the seed and the step alone.</summary>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
public interface IBatchFeed<TBatch> : IDisposable
{
    /// <summary>Seconds that the last call waited for data, work on them not counted.</summary>
    double WaitSeconds { get; }

    /// <summary>The batches of a step, several where gradients are accumulated. They stay the feed's, and usable until the next call.</summary>
    /// <param name="number">The step, from 1; steps are asked for one after the other.</param>
    /// <param name="cancellation">Stops the wait.</param>
    /// <exception cref="Runtime.HitaException">Too much of the data cannot be read.</exception>
    IReadOnlyList<TBatch> Take(long number, CancellationToken cancellation);
}
