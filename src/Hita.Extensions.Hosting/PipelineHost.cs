using System.Diagnostics;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hita.Extensions.Hosting;

/// <summary>Loads the pipeline once, keeps it and its host, and disposes of both.</summary>
internal sealed partial class PipelineHost : IDisposable, IAsyncDisposable
{
    private readonly HitaPipelineOptions _options;
    private readonly ILogger<PipelineHost> _log;
    private readonly Lazy<Task<ImageHost>> _loading;

    public PipelineHost(IOptions<HitaPipelineOptions> options, ILogger<PipelineHost> log, HostMetrics metrics)
    {
        _options = options.Value;
        _log = log;
        // On the pool: reading and packing weights takes a while, and nobody's thread should be held for it.
        _loading = new Lazy<Task<ImageHost>>(() => Task.Run(Load));
        metrics.Watch(this);
    }

    /// <summary>The host once it is loaded and warm; null before, and after a failure.</summary>
    public ImageHost? Loaded => _loading is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } ? _loading.Value.Result : null;

    /// <summary>The host; the first call starts loading it.</summary>
    public Task<ImageHost> Host => _loading.Value;

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_loading.IsValueCreated)
            return;
        // Who waited for the pipeline has been told why it did not load.
        await ((Task)_loading.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Loaded is not { } host)
            return;
        await host.DisposeAsync().ConfigureAwait(false);
        host.Pipeline.Dispose();
    }

    private async Task<ImageHost> Load()
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var pipeline = NamedModel.OpenToServe(
                NamedGenerator.Read(_options.Pipeline),
                NamedTokenizer.Read(_options.Tokenizer ?? _options.Pipeline),
                new GeneratorOptions { Device = _options.Device, Threads = _options.Threads, Precision = _options.Precision },
                _options.Editing,
                _options.DecoderPrecision,
                absence => LogNoEncoder(_options.Pipeline, absence));
            ImageHost? host = null;
            try
            {
                host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = _options.MaxBatch, MaxQueue = _options.MaxQueue });
                await host.WarmUpAsync().ConfigureAwait(false);
            }
            catch
            {
                if (host is not null)
                    await host.DisposeAsync().ConfigureAwait(false);
                pipeline.Dispose();
                throw;
            }
            LogLoaded(_options.Pipeline, pipeline.Generator.Precision, pipeline.Width, pipeline.Height, Stopwatch.GetElapsedTime(started).TotalSeconds);
            return host;
        }
        catch (Exception e)
        {
            LogFailed(_options.Pipeline, e.Message);
            throw;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Loaded the pipeline {Pipeline} in {Precision}, {Width}×{Height} pixels, in {Seconds:0.00} s")]
    private partial void LogLoaded(string pipeline, Precision precision, int width, int height, double seconds);

    [LoggerMessage(2, LogLevel.Error, "The pipeline {Pipeline} did not load: {Message}")]
    private partial void LogFailed(string pipeline, string message);

    [LoggerMessage(3, LogLevel.Warning, "The pipeline {Pipeline} generates, and cannot read or edit images. {Absence}")]
    private partial void LogNoEncoder(string pipeline, string absence);
}
