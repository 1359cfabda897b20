using System.Diagnostics.Metrics;
using Hita.Models;

namespace Hita.Extensions.Hosting;

/// <summary>What the pipeline does, as instruments of the meter <see cref="MeterName"/>.</summary>
public sealed class HostMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Hita";

    private readonly Meter _meter;
    private Func<ImageHostStatus?> _status = static () => null;

    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">Makes the meter.</param>
    public HostMetrics(IMeterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        _meter = factory.Create(MeterName);
        _meter.CreateObservableGauge("hita.batch.images", () => _status()?.Running ?? 0, "{image}", "Images in the batch.");
        _meter.CreateObservableGauge("hita.batch.waiting", () => _status()?.Waiting ?? 0, "{image}", "Images that wait for a place in the batch.");
        _meter.CreateObservableGauge("hita.tokens.rate", () => _status()?.TokensPerSecond ?? 0, "{token}/s", "Tokens a second over the last seconds.");
        _meter.CreateObservableCounter("hita.images.done", () => _status()?.Done ?? 0, "{image}", "Images finished.");
        _meter.CreateObservableCounter("hita.images.cancelled", () => _status()?.Cancelled ?? 0, "{image}", "Images given up by their callers.");
        _meter.CreateObservableCounter("hita.images.failed", () => _status()?.Failed ?? 0, "{image}", "Images that failed after they were accepted.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Watch(PipelineHost shared) => _status = () => shared.Loaded?.Status;
}
