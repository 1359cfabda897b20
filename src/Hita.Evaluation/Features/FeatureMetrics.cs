using Hita.Evaluation.Protocols;
using Hita.Evaluation.Runs;
using Hita.Metrics;

namespace Hita.Evaluation.Features;

/// <summary>The Fréchet distance, precision, recall and class score of images by a network's features.</summary>
/// <param name="network">Makes the features.</param>
/// <param name="options">How.</param>
/// <param name="count">Images in all.</param>
/// <param name="reference">What they are compared with, measured before.</param>
internal sealed class FeatureMetrics(FeatureNetwork network, EvaluationOptions options, int count, MeasuredFeatures reference) : IEvaluationMetric
{
    // Where each image stands in the order that the class score is computed in.
    private readonly int[] _places = LabelPlan.Places(options.Protocol, count) ?? [.. Enumerable.Range(0, count)];
    private readonly MeasuredFeatures _judged = new("samples", network.Width);
    private InceptionScoreStatistics? _classes = network.ClassCount > 0 ? new(network.ClassCount, options.Protocol.SplitSize) : null;

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        var features = network.Extract(batch.Images);
        _judged.Add(features.Vectors);
        _classes?.Add(features.Logits, _places.AsSpan((int)batch.First, batch.Images.Count));
    }

    /// <inheritdoc/>
    public void Report(EvaluationResults results)
    {
        results.Tell("Computing");
        results.Add($"fd_{network.Name}", FrechetDistance.Between(reference.Statistics.ToDistribution(), _judged.Statistics.ToDistribution()));
        AddNeighbours(results);
        if (_classes?.ToScore() is { } score)
            results.Add($"{network.Name}_score", score.Mean, score.StandardDeviation);
    }

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state)
    {
        _judged.Capture(state);
        if (_classes is not null)
            state.Add("classes", _classes);
    }

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state)
    {
        _judged.Restore(state);
        if (_classes is not null)
            _classes = state.Read<InceptionScoreStatistics>("classes");
    }

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state)
    {
        _judged.Merge(state);
        _classes?.Merge(state.Read<InceptionScoreStatistics>("classes"));
    }

    private void AddNeighbours(EvaluationResults results)
    {
        var k = options.Protocol.Neighbours;
        if (Math.Min(reference.Count, _judged.Count) <= k)
        {
            results.AddUnmeasured("precision and recall", $"They need more than {k} images on both sides.");
            return;
        }
        var result = PrecisionRecall.Compute(
            reference.Bank, _judged.Bank,
            new PrecisionRecallOptions { Neighbours = k, Distances = options.Protocol.Distances, Device = options.Device },
            cancellation: results.Cancellation);
        results.Add("precision", result.Precision);
        results.Add("recall", result.Recall);
    }
}
