using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Hita.Imaging;

namespace Hita.Server.Jobs;

/// <summary>Where a job stands.</summary>
public enum JobState
{
    /// <summary>It waits for its turn.</summary>
    Waiting,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It is done, and its results are there.</summary>
    Succeeded,

    /// <summary>It ended by a fault.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>What happened to a job.</summary>
/// <param name="Status">Where it stands.</param>
/// <param name="Preview">A new preview; null where something else changed.</param>
public sealed record JobNews(JobStatus Status, JobPreview? Preview);

/// <summary>Where a job stands at one moment.</summary>
/// <param name="State">Waiting, running or ended.</param>
/// <param name="Done">Steps done: tokens, frames or codes.</param>
/// <param name="Total">Steps in all, as far as is known; 0 while nothing is.</param>
/// <param name="Started">When it began to run; null before.</param>
/// <param name="Ended">When it ended; null before.</param>
/// <param name="TimeLeft">How long it is going to take from here; null where that is not known.</param>
/// <param name="Fault">Why it failed, in a sentence; null otherwise.</param>
public sealed record JobStatus(
    JobState State, long Done, long Total, DateTimeOffset? Started, DateTimeOffset? Ended, TimeSpan? TimeLeft, string? Fault)
{
    /// <summary>Whether nothing more will happen.</summary>
    public bool IsEnded => State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;
}

/// <summary>A piece of work that a server has taken: its progress, previews, results, and the way to stop it.</summary>
public sealed class Job
{
    private const int MaxPreviews = 64;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _cancellation;
    private readonly Queue<JobPreview> _previews = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // There only while someone watches: a job may change a thousand times a second.
    private TaskCompletionSource? _changed;
    private JobStatus _status = new(JobState.Waiting, 0, 0, null, null, null, null);
    private int _sequence;

    internal Job(string kind, ServedModel model, int images, CancellationTokenSource cancellation, TimeProvider clock)
    {
        (Kind, Model, Images, _cancellation, _clock) = (kind, model, images, cancellation, clock);
        Created = clock.GetUtcNow();
    }

    /// <summary>Names it, unguessably.</summary>
    public string Id { get; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>What it does: <c>generate</c>, <c>style</c>, …</summary>
    public string Kind { get; }

    /// <summary>The model it uses.</summary>
    public ServedModel Model { get; }

    /// <summary>Places that it takes in the queue.</summary>
    public int Images { get; }

    /// <summary>When it was taken.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>The results; empty until it has succeeded.</summary>
    public IReadOnlyList<JobResult> Results { get; private set; } = [];

    /// <summary>Why it failed or was cancelled; null otherwise.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Ends, without a fault, when the job has ended in whatever way.</summary>
    public Task Completion => _ended.Task;

    /// <summary>Where it stands.</summary>
    public JobStatus Status
    {
        get
        {
            lock (_lock)
                return _status with { TimeLeft = TimeLeft() };
        }
    }

    /// <summary>The memory that its results and previews take, in bytes; the same from its end on. Who watches a short job sees its previews after it.</summary>
    internal long Bytes
    {
        get
        {
            lock (_lock)
                return Results.Sum(static r => r.Bytes) + _previews.Sum(static p => (long)p.Image.Pixels.Length);
        }
    }

    /// <summary>Stops it within one step; nothing happens to a job that has ended.</summary>
    public void Cancel()
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended meanwhile.
        }
    }

    /// <summary>Everything that happens from now on, previews that are kept included, until the job has ended.</summary>
    /// <param name="cancellation">Ends the watching, not the job.</param>
    /// <returns>News, at most ten a second for mere progress; the last one is of an ended job.</returns>
    public async IAsyncEnumerable<JobNews> WatchAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var seen = 0;
        while (true)
        {
            Task changed;
            JobStatus status;
            List<JobPreview> previews;
            lock (_lock)
            {
                changed = (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                status = _status with { TimeLeft = TimeLeft() };
                previews = [.. _previews.Where(p => p.Sequence > seen)];
            }
            foreach (var preview in previews)
            {
                seen = preview.Sequence;
                yield return new JobNews(status, preview);
            }
            yield return new JobNews(status, null);
            if (status.IsEnded)
                yield break;
            await changed.WaitAsync(cancellation).ConfigureAwait(false);
            // Steps may be done a thousand times a second, which is more than anyone reads.
            if (!_ended.Task.IsCompleted)
                await Task.WhenAny(Task.Delay(Pace, _clock, cancellation), _ended.Task).ConfigureAwait(false);
        }
    }

    internal void Begin() => Change(status => status.State == JobState.Waiting
        ? status with { State = JobState.Running, Started = _clock.GetUtcNow() }
        : status);

    internal void Report(long done, long total) => Change(status => status.IsEnded ? status : status with { Done = done, Total = total });

    internal void AddPreview(int index, int tokens, Image image)
    {
        lock (_lock)
        {
            if (_status.IsEnded)
                return;
            _previews.Enqueue(new JobPreview(++_sequence, index, tokens, image));
            if (_previews.Count > MaxPreviews)
                _previews.Dequeue();
        }
        Change(static status => status);
    }

    internal void End(IReadOnlyList<JobResult> results, Exception? fault)
    {
        lock (_lock)
        {
            Results = results;
            Fault = fault;
        }
        var state = fault switch
        {
            null => JobState.Succeeded,
            OperationCanceledException => JobState.Cancelled,
            _ => JobState.Failed,
        };
        Change(status => status with
        {
            State = state,
            Done = fault is null ? status.Total : status.Done,
            Ended = _clock.GetUtcNow(),
            Fault = fault?.Message,
        });
        _ended.TrySetResult();
        _cancellation.Dispose();
    }

    private void Change(Func<JobStatus, JobStatus> change)
    {
        TaskCompletionSource? changed;
        lock (_lock)
        {
            _status = change(_status);
            (changed, _changed) = (_changed, null);
        }
        changed?.TrySetResult();
    }

    private TimeSpan? TimeLeft() => _status is { State: JobState.Running, Done: > 0, Total: > 0, Started: { } started }
        ? (_clock.GetUtcNow() - started) * ((double)(_status.Total - _status.Done) / _status.Done)
        : null;
}
