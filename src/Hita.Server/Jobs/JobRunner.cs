using System.Collections.Concurrent;
using Hita.Runtime;
using Hita.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Hita.Server.Jobs;

/// <summary>Takes work, runs it, and keeps its results for a while.</summary>
public sealed partial class JobRunner : IDisposable
{
    private readonly HitaServerOptions _options;
    private readonly ModelCatalog _catalog;
    private readonly ServerMetrics _metrics;
    private readonly RequestMemory _memory;
    private readonly TimeProvider _clock;
    private readonly ILogger<JobRunner> _log;
    private readonly JobStore _store;
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConcurrentDictionary<Job, byte> _running = new();
    private double _secondsAnImage = 0.5;
    private volatile bool _stopping;

    /// <summary>A runner without work.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="catalog">The models.</param>
    /// <param name="metrics">What is counted.</param>
    /// <param name="memory">What requests take.</param>
    /// <param name="clock">The time.</param>
    /// <param name="log">Told of every job's end, without what was in it.</param>
    public JobRunner(HitaServerOptions options, ModelCatalog catalog, ServerMetrics metrics, RequestMemory memory, TimeProvider clock, ILogger<JobRunner> log)
    {
        (_options, _catalog, _metrics, _memory, _clock, _log) = (options, catalog, metrics, memory, clock, log);
        _store = new JobStore(options, clock);
    }

    /// <summary>Jobs that can be asked for by name, the newest first.</summary>
    public IReadOnlyList<Job> Jobs => _store.All;

    /// <summary>Whether the server finishes what it has and takes no more.</summary>
    public bool IsStopping => _stopping;

    /// <summary>Takes a task.</summary>
    /// <param name="task">What to do.</param>
    /// <param name="model">By which model.</param>
    /// <param name="keep">Whether the job can be asked for by name later.</param>
    /// <param name="cancellation">Stops the job, as its own <see cref="Job.Cancel"/> does.</param>
    /// <returns>The job, which waits or runs already.</returns>
    /// <exception cref="HitaException">The task does not fit the model, or the server takes no more; see <see cref="RefusedException"/>.</exception>
    public Job Start(ImageTask task, ServedModel model, bool keep = true, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(model);
        task.Check(model);
        if (_stopping)
            throw Refuse(new RefusedException(Refusal.Stopping, "The server is stopping and takes no more work.", TimeSpan.FromSeconds(5)));
        var queued = _metrics.Add(task.Images);
        if (queued > _options.MaxQueue)
        {
            _metrics.Add(-task.Images);
            throw Refuse(QueueFull(task, queued - task.Images));
        }
        IDisposable inputs;
        try
        {
            inputs = _memory.Take(task.InputBytes);
        }
        catch (RefusedException e)
        {
            _metrics.Add(-task.Images);
            throw Refuse(e);
        }
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopped.Token);
        var job = new Job(task.Kind, model, task.Images, source, _clock);
        _running[job] = 0;
        if (keep)
            _store.Add(job);
        _ = RunAsync(task, job, inputs, source.Token);
        return job;
    }

    /// <summary>A job by its name.</summary>
    /// <param name="id"><see cref="Job.Id"/>.</param>
    /// <returns>The job; null where there is none, or its time is over.</returns>
    public Job? Find(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return _store.Find(id);
    }

    /// <summary>Takes no more work, waits for what runs, and cancels what is left after <see cref="HitaServerOptions.StoppingTime"/>.</summary>
    internal async Task StopAsync()
    {
        _stopping = true;
        using var patience = new CancellationTokenSource(_options.StoppingTime, _clock);
        try
        {
            await Task.WhenAll(_running.Keys.Select(static j => j.Completion)).WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogCancelling(_running.Count);
        }
        await _stopped.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Keys.Select(static j => j.Completion)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopped.Dispose();

    private async Task RunAsync(ImageTask task, Job job, IDisposable inputs, CancellationToken cancellation)
    {
        // What the caller does next must not wait for what a task does before its first await.
        await Task.Yield();
        using var time = new CancellationTokenSource(_options.MaxTime, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, time.Token);
        IReadOnlyList<JobResult> results = [];
        Exception? fault = null;
        try
        {
            results = await task.RunAsync(job.Model, new JobContext(job, _catalog.EditTurns, both.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            fault = new TimeoutException($"This took longer than {_options.MaxTime.TotalSeconds:0} seconds, which is the limit of this server; ask for less at a time.");
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            fault = new RefusedException(Refusal.Stopping, "The server stopped before this was done; ask again when it is back.", TimeSpan.FromSeconds(5));
        }
        catch (OperationCanceledException)
        {
            fault = new OperationCanceledException("This was cancelled.");
        }
#pragma warning disable CA1031 // Whatever it is, it ends this job and not the server; it is reported with the job.
        catch (Exception e)
#pragma warning restore CA1031
        {
            fault = e;
        }
        inputs.Dispose();
        End(task, job, results, fault);
    }

    private void End(ImageTask task, Job job, IReadOnlyList<JobResult> results, Exception? fault)
    {
        _metrics.Add(-job.Images);
        job.End(results, fault);
        _running.TryRemove(job, out _);
        _store.Ended(job);
        var status = job.Status;
        var seconds = (status.Ended - job.Created)?.TotalSeconds ?? 0;
        if (fault is null && !task.IsLive && status.Started is { } started)
            _secondsAnImage = (0.9 * _secondsAnImage) + (0.1 * (status.Ended!.Value - started).TotalSeconds / job.Images);
        _metrics.Ended(job, seconds);
        if (fault is not (null or HitaException or OperationCanceledException or TimeoutException))
            LogFailed(fault, job.Kind, job.Id, job.Model.Id, seconds);
        else if (!task.IsLive)
            LogEnded(job.Kind, job.Id, job.Model.Id, job.Images, status.State, seconds);
    }

    private RefusedException QueueFull(ImageTask task, int queued) => task.Images > _options.MaxQueue
        ? new RefusedException(Refusal.QueueFull, $"This asks for {task.Images} images, and the queue of this server has room for {_options.MaxQueue}; ask for less at a time.", TimeSpan.FromSeconds(1))
        : new RefusedException(
            Refusal.QueueFull,
            $"The queue is full: {queued} of {_options.MaxQueue} images wait or run; try again later.",
            TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(_secondsAnImage * task.Images), 1, 60)));

    private RefusedException Refuse(RefusedException refused)
    {
        _metrics.Refused(refused.Reason);
        return refused;
    }

    [LoggerMessage(1, LogLevel.Information, "Job {Kind} {Job} on {Model}, {Images} images: {State} after {Seconds:0.000} s")]
    private partial void LogEnded(string kind, string job, string model, int images, JobState state, double seconds);

    [LoggerMessage(2, LogLevel.Error, "Job {Kind} {Job} on {Model} failed unexpectedly after {Seconds:0.000} s")]
    private partial void LogFailed(Exception fault, string kind, string job, string model, double seconds);

    [LoggerMessage(3, LogLevel.Warning, "Cancelling {Count} jobs that did not end in the time for stopping")]
    private partial void LogCancelling(int count);
}
