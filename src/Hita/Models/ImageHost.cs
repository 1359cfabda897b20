using Hita.Generation;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>
/// Makes images for many callers with one sampling loop: an image joins the running batch at the next step and leaves it as soon as
/// it is sampled, cancelled or at fault; a second thread decodes. No image depends on the others.
/// </summary>
/// <remarks>
/// On the CPU engine all images share every step. Elsewhere each sequence takes its steps alone, one after the other: the images
/// are right and come and go as freely, but a step of many takes as long as many steps, and scores may differ in their last bits from those
/// that the generator computes for several images together.
/// </remarks>
public sealed partial class ImageHost : IImageHost
{
    private readonly object _gate = new();
    private readonly LinkedList<HostedJob> _queue = [];
    private readonly HashSet<HostedJob> _accepted = [];
    private readonly List<HostedJob> _running = [];
    private readonly ImageHostOptions _options;
    private readonly TokenRate _rate = new(TimeProvider.System);
    private readonly HostDecoder _decoder;
    private readonly Thread _loop;
    private ContinuousBatch? _batch;
    private Task? _disposal;
    private bool _closed;
    private bool _stopping;
    private int _runningCount;
    private int _rows;
    private int _decoding;
    private int _tokensToNextEnd;
    private long _steps;
    private long _done;
    private long _cancelled;
    private long _failed;

    /// <summary>Starts a host.</summary>
    /// <param name="pipeline">The models; they stay the caller's, and must outlive the host.</param>
    /// <param name="options">How it runs; null for the defaults.</param>
    /// <exception cref="ConfigException">A setting is impossible.</exception>
    /// <exception cref="HitaException">There is not enough memory for the batch.</exception>
    public ImageHost(ImagePipeline pipeline, ImageHostOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        Pipeline = pipeline;
        _options = (options ?? new ImageHostOptions()).Validate();
        _batch = new ContinuousBatch(pipeline.Generator.Tokens, _options.MaxBatch);
        _decoder = new HostDecoder(pipeline, _options.MaxPreviewShare, OnDecoded);
        _loop = new Thread(Loop) { IsBackground = true, Name = "Hita host sampler" };
        _loop.Start();
    }

    /// <inheritdoc/>
    public ImagePipeline Pipeline { get; }

    /// <inheritdoc/>
    public ImageHostStatus Status
    {
        get
        {
            lock (_gate)
            {
                return new ImageHostStatus(
                    _runningCount, _rows, _queue.Count, _decoding, _rate.PerSecond, _steps, _done, _cancelled, _failed, _decoder.PreviewsDone, _decoder.PreviewsLeftOut);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<GeneratedImage> GenerateAsync(
        HostedImageRequest request, IProgress<HostedImageProgress>? progress = null, CancellationToken cancellation = default)
    {
        var job = Job(request, score: false, decodes: true, progress, cancellation);
        await RunAsync(job).ConfigureAwait(false);
        return job.Image!;
    }

    /// <inheritdoc/>
    public async Task<CompletedCodes> CompleteAsync(
        HostedImageRequest request, bool score = false, IProgress<HostedImageProgress>? progress = null, CancellationToken cancellation = default)
    {
        var job = Job(request, score, decodes: false, progress, cancellation);
        await RunAsync(job).ConfigureAwait(false);
        return job.Codes!;
    }

    /// <inheritdoc/>
    public Task WarmUpAsync(CancellationToken cancellation = default)
    {
        const int Tokens = 4;
        var request = new HostedImageRequest { Class = 0, Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 2 } } };
        var sequence = new SampledSequence(Pipeline.Generator.Config, request.ToGenerationRequest(), maxTokens: Tokens);
        return RunAsync(new HostedJob(request, sequence, decodes: true, progress: null, cancellation) { IsWarmUp = true });
    }

    /// <inheritdoc/>
    public async Task DrainAsync(CancellationToken cancellation = default)
    {
        Task[] rest;
        lock (_gate)
        {
            _closed = true;
            rest = [.. _accepted.Select(static j => j.Completion)];
        }
        await Task.WhenAll(rest.Select(static t => t.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)))
            .WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Gives up what is not finished, with <see cref="HostStoppedException"/> for its callers, and ends the threads.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            (_closed, _stopping) = (true, true);
            Monitor.PulseAll(_gate);
            _disposal ??= Task.Run(() =>
            {
                _loop.Join();
                _decoder.Stop();
            });
            return new ValueTask(_disposal);
        }
    }

    private HostedJob Job(HostedImageRequest request, bool score, bool decodes, IProgress<HostedImageProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var config = Pipeline.Generator.Config;
        request.Validate(config);
        var plain = request.ToGenerationRequest() with { UnseenPatches = config.UnseenPatchesOf(Pipeline.Tokenizer.Config) };
        return new HostedJob(request, new SampledSequence(config, plain, request.Known, score), decodes, progress, cancellation);
    }

    private async Task RunAsync(HostedJob job)
    {
        job.Cancellation.ThrowIfCancellationRequested();
        LinkedListNode<HostedJob> place;
        lock (_gate)
        {
            if (_closed)
                throw new HostStoppedException();
            var free = Math.Max(_options.MaxBatch - _runningCount, 0);
            if (_queue.Count >= _options.MaxQueue + free)
                throw new HostBusyException(_queue.Count, RetryAfter());
            place = _queue.AddLast(job);
            _accepted.Add(job);
            Monitor.PulseAll(_gate);
        }
        // One that runs is found by the loop before its next step.
        using var registration = job.Cancellation.UnsafeRegister(_ => LeaveQueue(place), null);
        try
        {
            await job.Completion.ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
                _accepted.Remove(job);
        }
    }

    private void LeaveQueue(LinkedListNode<HostedJob> place)
    {
        lock (_gate)
        {
            if (place.List is null)
                return;
            _queue.Remove(place);
        }
        Abandon(place.Value);
    }

    /// <summary>When the next running image will be done. Called under the lock.</summary>
    private TimeSpan RetryAfter()
    {
        var rate = _rate.PerSecond;
        var seconds = rate > 0 ? _tokensToNextEnd * Math.Max(_runningCount, 1) / rate : 1;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 1, 600));
    }
}
