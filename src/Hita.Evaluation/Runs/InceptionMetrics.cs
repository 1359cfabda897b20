using Hita.Evaluation.Protocols;
using Hita.Metrics;
using Hita.Metrics.Networks;

namespace Hita.Evaluation.Runs;

/// <summary>What is measured by Inception features: distances to a reference, the Inception score, precision and recall.</summary>
internal abstract class InceptionMetrics : IEvaluationMetric
{
    private readonly FeatureSource _features;
    private readonly string _stateName;
    private readonly int[]? _places;
    private readonly FidCurve _curve;

    /// <param name="features">The features, or none.</param>
    /// <param name="protocol">Says in which order images enter the Inception score, and how it is split.</param>
    /// <param name="count">Images in all.</param>
    /// <param name="keep">Whether features are kept, for precision and recall.</param>
    /// <param name="stateName">The name of the measurements in a saved state.</param>
    protected InceptionMetrics(FeatureSource features, EvaluationProtocol protocol, int count, bool keep, string stateName)
    {
        (_features, _stateName) = (features, stateName);
        _places = LabelPlan.Places(protocol, count);
        _curve = new FidCurve(count);
        Statistics = features.IsPresent ? new SampleStatistics(keep, protocol.SplitSize) : null;
    }

    /// <summary>Of the images so far; null without features.</summary>
    protected SampleStatistics? Statistics { get; private set; }

    /// <summary>The pool features of the reference; null where there is none.</summary>
    protected abstract Func<FeatureDistribution>? ReferencePool { get; }

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        if (Statistics is null)
            return;
        AddOriginals(batch, _features);
        var features = _features.Extract(batch.Images);
        if (_places is null && !batch.IsOfPart)
            Statistics.Add(features);
        else if (_places is null)
            Statistics.Add(features, [.. Enumerable.Range((int)batch.First, batch.Images.Count)]);
        else
            Statistics.Add(features, _places.AsSpan((int)batch.First, batch.Images.Count));
        // A part of the images is no sample of the whole, and its reference may be a part as well.
        if (ReferencePool is { } reference && !batch.IsOfPart)
            _curve.Visit(Statistics.Pool, reference);
    }

    /// <inheritdoc/>
    public void Report(EvaluationResults results)
    {
        if (Statistics is { } statistics)
            Report(statistics, results);
        else
            results.AddUnmeasured(Names, _features.Absence!);
        results.FidByCount = _curve.Points;
    }

    /// <inheritdoc/>
    public virtual void Capture(AccumulatorWriter state)
    {
        if (Statistics is not null)
            state.Add(_stateName, Statistics);
        _curve.Capture(state);
    }

    /// <inheritdoc/>
    public virtual void Restore(AccumulatorReader state)
    {
        if (Statistics is not null)
            Statistics = state.Read<SampleStatistics>(_stateName);
        _curve.Restore(state);
    }

    /// <inheritdoc/>
    public virtual void Merge(AccumulatorReader state)
    {
        if (Statistics is null)
            return;
        Statistics.Merge(state.Read<SampleStatistics>(_stateName));
        if (ReferencePool is { } reference)
            _curve.Visit(Statistics.Pool, reference);
    }

    /// <summary>What is not measured without features, in words.</summary>
    protected abstract string Names { get; }

    /// <summary>Measures what images were made from, where that is what they are compared with.</summary>
    protected virtual void AddOriginals(EvaluationBatch batch, FeatureSource features)
    {
    }

    /// <summary>Adds the results.</summary>
    protected abstract void Report(SampleStatistics statistics, EvaluationResults results);

    /// <summary>Adds FID, and ends its curve with it.</summary>
    protected void AddFid(EvaluationResults results, FeatureDistribution reference, SampleStatistics statistics)
    {
        var fid = FrechetDistance.Between(reference, statistics.Pool.ToDistribution());
        results.Add("fid", fid);
        _curve.End(statistics.Count, fid);
    }

    /// <summary>Adds the Inception score.</summary>
    protected static void AddScore(EvaluationResults results, SampleStatistics statistics)
    {
        var score = statistics.Classes.ToScore();
        results.Add("inception_score", score.Mean, score.StandardDeviation);
    }
}

/// <summary>FID, sFID, the Inception score, precision and recall of samples against a reference.</summary>
/// <param name="features">The features, or none.</param>
/// <param name="options">How.</param>
/// <param name="count">Samples in all.</param>
/// <param name="reference">What they are compared with, measured before; null for nothing, which leaves the Inception score.</param>
/// <param name="keep">Whether features are kept, for precision and recall.</param>
internal sealed class SampleMetrics(FeatureSource features, EvaluationOptions options, int count, ReferenceMetrics? reference, bool keep)
    : InceptionMetrics(features, options.Protocol, count, keep, "samples")
{
    private ReferenceStatistics? _ready;

    /// <inheritdoc/>
    protected override Func<FeatureDistribution>? ReferencePool => reference is null ? null : () => Ready(reference).Pool;

    /// <inheritdoc/>
    protected override string Names => "FID, sFID, the Inception score, precision and recall";

    /// <inheritdoc/>
    protected override void Report(SampleStatistics statistics, EvaluationResults results)
    {
        results.Tell("Computing");
        if (reference is not null)
        {
            var ready = Ready(reference);
            AddFid(results, ready.Pool, statistics);
            if (ready.Spatial is { } spatial)
                results.Add("sfid", FrechetDistance.Between(spatial, statistics.Spatial.ToDistribution()));
            else
                results.AddUnmeasured("sFID", "The reference archive has no spatial statistics (mu_s, sigma_s).");
        }
        else
        {
            results.AddUnmeasured("FID, sFID, precision and recall", "No reference was given; name one with --reference.");
        }
        AddScore(results, statistics);
        if (reference is not null)
            AddNeighbours(reference, statistics, results);
    }

    private void AddNeighbours(ReferenceMetrics against, SampleStatistics statistics, EvaluationResults results)
    {
        var k = options.Protocol.Neighbours;
        var reason = !options.PrecisionRecall ? "They were left out as asked for."
            : against.Features is null ? "The reference has no images (arr_0) to take neighbours from."
            : Math.Min(against.Features.Count, statistics.Count) <= k ? $"They need more than {k} images on both sides."
            : null;
        if (reason is not null)
        {
            results.AddUnmeasured("precision and recall", reason);
            return;
        }
        var result = PrecisionRecall.Compute(
            against.Features!, statistics.Features!,
            new PrecisionRecallOptions { Neighbours = k, Distances = options.Protocol.Distances, Device = options.Device },
            cancellation: results.Cancellation);
        results.Add("precision", result.Precision);
        results.Add("recall", result.Recall);
    }

    private ReferenceStatistics Ready(ReferenceMetrics against) => _ready ??= against.ToStatistics();
}

/// <summary>rFID, rsFID and rIS of reconstructions against their originals.</summary>
internal sealed class ReconstructionMetrics(FeatureSource features, EvaluationProtocol protocol, int count)
    : InceptionMetrics(features, protocol, count, keep: false, "copies")
{
    // Large, so not there without features.
    private FeatureStatistics? _pool = features.IsPresent ? new(InceptionFeatures.PoolWidth) : null;
    private FeatureStatistics? _spatial = features.IsPresent ? new(InceptionFeatures.SpatialWidth) : null;

    /// <inheritdoc/>
    protected override Func<FeatureDistribution>? ReferencePool => _pool is null ? null : _pool.ToDistribution;

    /// <inheritdoc/>
    protected override string Names => "rFID, rsFID and rIS";

    /// <inheritdoc/>
    public override void Capture(AccumulatorWriter state)
    {
        base.Capture(state);
        if (_pool is not null)
            state.Add("pool", _pool).Add("spatial", _spatial!);
    }

    /// <inheritdoc/>
    public override void Restore(AccumulatorReader state)
    {
        base.Restore(state);
        if (_pool is not null)
            (_pool, _spatial) = (state.Read<FeatureStatistics>("pool"), state.Read<FeatureStatistics>("spatial"));
    }

    /// <inheritdoc/>
    public override void Merge(AccumulatorReader state)
    {
        _pool?.Merge(state.Read<FeatureStatistics>("pool"));
        _spatial?.Merge(state.Read<FeatureStatistics>("spatial"));
        base.Merge(state);
    }

    /// <inheritdoc/>
    protected override void AddOriginals(EvaluationBatch batch, FeatureSource features)
    {
        var originals = features.Extract(batch.Originals);
        _pool!.Add(originals.Pool.Span);
        _spatial!.Add(originals.Spatial.Span);
    }

    /// <inheritdoc/>
    protected override void Report(SampleStatistics statistics, EvaluationResults results)
    {
        if (statistics.Count < 2)
        {
            results.AddUnmeasured(Names, "They need two images or more.");
            return;
        }
        results.Tell("Computing");
        AddFid(results, _pool!.ToDistribution(), statistics);
        results.Add("sfid", FrechetDistance.Between(_spatial!, statistics.Spatial));
        AddScore(results, statistics);
    }
}
