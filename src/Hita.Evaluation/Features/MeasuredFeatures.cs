using Hita.Evaluation.Runs;
using Hita.Metrics;

namespace Hita.Evaluation.Features;

/// <summary>The features of one side of a comparison as they grow: their distribution and they themselves.</summary>
/// <param name="name">The name of the side in a saved state.</param>
/// <param name="width">Features an image.</param>
internal sealed class MeasuredFeatures(string name, int width)
{
    /// <summary>Their distribution.</summary>
    public FeatureStatistics Statistics { get; private set; } = new(width);

    /// <summary>The features themselves.</summary>
    public FeatureBank Bank { get; private set; } = new(width);

    /// <summary>Images so far.</summary>
    public long Count => Bank.Count;

    /// <summary>Adds the features of images, one after the other.</summary>
    public void Add(float[] vectors)
    {
        Statistics.Add(vectors);
        Bank.Add(vectors);
    }

    /// <summary>Adds the state to a file.</summary>
    public void Capture(AccumulatorWriter state) => state.Add($"{name}-statistics", Statistics).Add($"{name}-features", Bank);

    /// <summary>Takes up a saved state.</summary>
    public void Restore(AccumulatorReader state) =>
        (Statistics, Bank) = (state.Read<FeatureStatistics>($"{name}-statistics"), state.Read<FeatureBank>($"{name}-features"));

    /// <summary>Takes in the features of the images after these, which another process made.</summary>
    public void Merge(AccumulatorReader state)
    {
        Statistics.Merge(state.Read<FeatureStatistics>($"{name}-statistics"));
        Bank.Merge(state.Read<FeatureBank>($"{name}-features"));
    }
}

/// <summary>What images are compared with, by a network's features. It has no result of its own.</summary>
/// <param name="network">Makes the features.</param>
internal sealed class ReferenceFeatures(FeatureNetwork network) : IEvaluationMetric
{
    /// <summary>The features so far.</summary>
    public MeasuredFeatures Measured { get; } = new("reference", network.Width);

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch) => Measured.Add(network.Extract(batch.Images).Vectors);

    /// <inheritdoc/>
    public void Report(EvaluationResults results)
    {
    }

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state) => Measured.Capture(state);

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state) => Measured.Restore(state);

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state) => Measured.Merge(state);
}
