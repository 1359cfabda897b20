using Hita.Metrics;

namespace Hita.Evaluation.Runs;

/// <summary>
/// One of the things that an evaluation measures. It sees every batch once, in order, gives its results at the end, and can be
/// saved in between and taken up again with the same results to the bit. Parts of the images can be measured by processes of their own.
/// </summary>
internal interface IEvaluationMetric
{
    /// <summary>Measures a batch.</summary>
    /// <param name="batch">The batch, with at least one image.</param>
    void Add(EvaluationBatch batch);

    /// <summary>Adds the results, or the reason why there are none, to a report; all batches have come.</summary>
    /// <param name="results">The report in the making.</param>
    void Report(EvaluationResults results);

    /// <summary>Adds the measurements so far to a state, under names of their own.</summary>
    /// <param name="state">The state.</param>
    void Capture(AccumulatorWriter state);

    /// <summary>Takes up what <see cref="Capture"/> has saved.</summary>
    /// <param name="state">The state of the same evaluation.</param>
    void Restore(AccumulatorReader state);

    /// <summary>Takes in what another process measured on the images after those of this one.</summary>
    /// <param name="state">The state of the same evaluation's next part.</param>
    void Merge(AccumulatorReader state);
}
