using System.Diagnostics;
using System.Diagnostics.Metrics;
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
    public ServerMetrics(IMeterFactory factory, ModelCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(factory);
        _meter = factory.Create(MeterName);
        _duration = _meter.CreateHistogram(
            "hita.job.duration", "s", "Time from taking a job to its end, by kind and outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600] });
        _refused = _meter.CreateCounter<long>("hita.jobs.refused", "{job}", "Jobs that were not taken, by reason.");
        _meter.CreateObservableGauge("hita.queue.images", () => Volatile.Read(ref _queued), "{image}", "Images that wait or run, over all models.");
        _meter.CreateObservableGauge("hita.batch.waiting", () => PerModel(catalog, static m => m.Host.Status.Waiting), "{image}", "Images that wait for a place in the batch.");
        _meter.CreateObservableGauge("hita.batch.images", () => PerModel(catalog, static m => m.Host.Status.Running), "{image}", "Images in the batch.");
        _meter.CreateObservableCounter("hita.tokens", () => PerModel(catalog, static m => m.Host.Status.Tokens), "{token}", "Tokens sampled; its rate is tokens a second.");
    }

    /// <summary>Images that wait or run.</summary>
    public int Queued => Volatile.Read(ref _queued);

    internal int Add(int images) => Interlocked.Add(ref _queued, images);

    internal void Refused(Refusal reason) => _refused.Add(1, new TagList { { "reason", EnumWords.Of(reason) } });

    internal void Ended(Job job, double seconds) =>
        _duration.Record(seconds, new TagList { { "kind", job.Kind }, { "model", job.Model.Id }, { "outcome", EnumWords.Of(job.Status.State) } });

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<long>> PerModel(ModelCatalog catalog, Func<ServedModel, long> value) =>
        catalog.Models.Select(m => new Measurement<long>(value(m), new KeyValuePair<string, object?>("model", m.Id)));
}
