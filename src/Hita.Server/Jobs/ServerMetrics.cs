using System.Diagnostics;
using System.Diagnostics.Metrics;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Server.Jobs;

/// <summary>What the server counts and measures, as OpenTelemetry instruments of the meter <see cref="MeterName"/>.</summary>
public sealed class ServerMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Hita.Server";

    private readonly Meter _meter;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _refused;
    private int _queued;

    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">Owns the meter.</param>
    /// <param name="catalog">The models, which are asked what they do.</param>
    /// <param name="memory">What requests take.</param>
    public ServerMetrics(IMeterFactory factory, ModelCatalog catalog, RequestMemory memory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(memory);
        _meter = factory.Create(MeterName);
        _duration = _meter.CreateHistogram(
            "hita.job.duration", "s", "Time from taking a job to its end, by kind and outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600] });
        _refused = _meter.CreateCounter<long>("hita.jobs.refused", "{job}", "Jobs that were not taken, by reason.");
        _meter.CreateObservableGauge("hita.queue.images", () => Volatile.Read(ref _queued), "{image}", "Images that wait or run, over all models.");
        _meter.CreateObservableGauge("hita.requests.memory", () => memory.Taken, "By", "Memory of the bodies that are read and of the images of jobs that wait or run.");
        Gauge("hita.batch.waiting", "{image}", "Images that wait for a place in the batch.", static s => s.Waiting);
        Gauge("hita.batch.images", "{image}", "Images in the batch.", static s => s.Running);
        Gauge("hita.batch.rows", "{sequence}", "Sequences in the batch: one an image, two while it is guided.", static s => s.Rows);
        Gauge("hita.batch.decoding", "{image}", "Images that are sampled and not decoded yet.", static s => s.Decoding);
        Gauge("hita.tokens.rate", "{token}/s", "Tokens a second over the last seconds, all images of a model together.", static s => s.TokensPerSecond);
        Counter("hita.batch.steps", "{step}", "Steps of the sampling loop, each a token of every image in the batch.", static s => s.Steps);
        Counter("hita.images.done", "{image}", "Images sampled, the candidates of edits included.", static s => s.Done);
        Counter("hita.images.cancelled", "{image}", "Images given up because their clients wanted it or went away.", static s => s.Cancelled);
        Counter("hita.images.failed", "{image}", "Images that failed.", static s => s.Failed);
        Counter("hita.previews.done", "{image}", "Previews decoded.", static s => s.PreviewsDone);
        Counter("hita.previews.left_out", "{image}", "Previews left out because they would have taken too much of the time.", static s => s.PreviewsLeftOut);

        void Gauge(string name, string unit, string description, Func<ImageHostStatus, double> value) =>
            _meter.CreateObservableGauge(name, () => PerModel(catalog, value), unit, description);

        void Counter(string name, string unit, string description, Func<ImageHostStatus, long> value) =>
            _meter.CreateObservableCounter(name, () => PerModel(catalog, value), unit, description);
    }

    /// <summary>Images that wait or run.</summary>
    public int Queued => Volatile.Read(ref _queued);

    internal int Add(int images) => Interlocked.Add(ref _queued, images);

    internal void Refused(Refusal reason) => _refused.Add(1, new TagList { { "reason", EnumWords.Of(reason) } });

    internal void Ended(Job job, double seconds) =>
        _duration.Record(seconds, new TagList { { "kind", job.Kind }, { "model", job.Model.Id }, { "outcome", EnumWords.Of(job.Status.State) } });

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<T>> PerModel<T>(ModelCatalog catalog, Func<ImageHostStatus, T> value)
        where T : struct =>
        catalog.Models.Select(m => new Measurement<T>(value(m.Host.Status), new KeyValuePair<string, object?>("model", m.Id)));
}
