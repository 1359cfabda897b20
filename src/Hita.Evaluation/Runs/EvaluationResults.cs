using Hita.Data;
using Hita.Evaluation.Reports;

namespace Hita.Evaluation.Runs;

/// <summary>What the metrics of an evaluation say in the end, one after the other: the report and the page in the making.</summary>
/// <param name="progress">Told what is being computed; may be null.</param>
/// <param name="cancellation">Stops long computations.</param>
internal sealed class EvaluationResults(IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
{
    private readonly List<Metric> _metrics = [];
    private readonly List<UnmeasuredMetrics> _unmeasured = [];

    /// <summary>The results, in the order in which they were added.</summary>
    public IReadOnlyList<Metric> Metrics => _metrics;

    /// <summary>What was not measured, in the order in which it was added.</summary>
    public IReadOnlyList<UnmeasuredMetrics> Unmeasured => _unmeasured;

    /// <summary>What else the results depend on, found while they were computed.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>FID after some of the samples.</summary>
    public IReadOnlyList<MetricAtCount> FidByCount { get; set; } = [];

    /// <summary>Results by class.</summary>
    public IReadOnlyList<ClassMetrics> Classes { get; set; } = [];

    /// <summary>Images that a metric itself could not read; null where there are none.</summary>
    public UnreadableSummary? Unreadable { get; set; }

    /// <summary>What the page shows beside the numbers.</summary>
    public PageContent Page { get; set; } = new();

    /// <summary>Stops long computations.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>Adds a result.</summary>
    /// <param name="name">Its name, see <see cref="MetricNames"/>.</param>
    /// <param name="value">The number.</param>
    /// <param name="spread">How far it varies; may be null.</param>
    public void Add(string name, double value, double? spread = null) => _metrics.Add(new Metric(name, value, spread));

    /// <summary>Says why something was not measured.</summary>
    /// <param name="metrics">What, in words.</param>
    /// <param name="reason">Why, in a sentence.</param>
    public void AddUnmeasured(string metrics, string reason) => _unmeasured.Add(new UnmeasuredMetrics(metrics, reason));

    /// <summary>Says what is being computed.</summary>
    /// <param name="stage">What, for people.</param>
    /// <param name="done">Images done; 0 where that is not known.</param>
    /// <param name="total">Images in all; 0 where that is not known.</param>
    public void Tell(string stage, long done = 0, long total = 0) => progress?.Report(new EvaluationProgress(stage, done, total));
}
