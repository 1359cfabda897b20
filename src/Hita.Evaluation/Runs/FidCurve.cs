using System.Text.Json;
using Hita.Evaluation.Reports;
using Hita.Metrics;

namespace Hita.Evaluation.Runs;

/// <summary>FID after some of the samples, to see how far it is from settled.</summary>
internal sealed class FidCurve(int total)
{
    // A distance takes seconds, so small runs get few points.
    private readonly int[] _counts = [.. (total < 2000 ? (double[])[0.25, 0.5] : [0.05, 0.1, 0.2, 0.35, 0.5, 0.7]).Select(s => (int)(s * total)).Where(static c => c >= 2)];
    private List<MetricAtCount> _points = [];

    public IReadOnlyList<MetricAtCount> Points => _points;

    /// <summary>Computes the distance where it is due.</summary>
    public void Visit(FeatureStatistics samples, Func<FeatureDistribution> reference)
    {
        if (_points.Count < _counts.Length && samples.Count >= _counts[_points.Count])
            _points.Add(new MetricAtCount(samples.Count, FrechetDistance.Between(reference(), samples.ToDistribution())));
    }

    /// <summary>Adds the result; in the place of a point that was taken when all samples had come, as happens in small runs.</summary>
    public void End(long count, double value)
    {
        _points.RemoveAll(p => p.Count == count);
        _points.Add(new MetricAtCount(count, value));
    }

    public void Restore(AccumulatorReader state) =>
        _points = state.Note("fid-curve") is { } text ? JsonSerializer.Deserialize<List<MetricAtCount>>(text)! : [];

    public void Capture(AccumulatorWriter writer) => writer.Note("fid-curve", JsonSerializer.Serialize(_points));
}
