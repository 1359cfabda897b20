using Hita.Server.Jobs;

namespace Hita.Studio.Work;

/// <summary>Follows one piece of work for a page: progress, previews, the end. Events may come on any thread.</summary>
public sealed class JobRun
{
    private readonly StudioCircuit _circuit;
    private readonly Dictionary<int, string> _previews = [];
    private Job? _job;

    /// <summary>A place for work, with none as yet.</summary>
    /// <param name="circuit">The page.</param>
    public JobRun(StudioCircuit circuit) => _circuit = circuit;

    /// <summary>Something changed.</summary>
    public event Action? Changed;

    /// <summary>Whether work is being done.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Where it stands; null before the first one.</summary>
    public JobStatus? Status { get; private set; }

    /// <summary>Why the last one failed, in a sentence; null where it did not.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether the last one was cancelled.</summary>
    public bool WasCancelled { get; private set; }

    /// <summary>How far it has come, 0 to 1.</summary>
    public double Share => Status is { Total: > 0 } status ? (double)status.Done / status.Total : 0;

    /// <summary>The newest preview of an image of the work, as a data address; null where there is none.</summary>
    /// <param name="index">Which image, from 0.</param>
    public string? Preview(int index)
    {
        lock (_previews)
            return _previews.GetValueOrDefault(index);
    }

    /// <summary>Does a piece of work; does nothing while another one runs.</summary>
    /// <param name="task">Makes the task; its faults are shown.</param>
    /// <param name="done">Takes the results.</param>
    public async Task RunAsync(Func<ImageTask> task, Action<ServedModel, IReadOnlyList<JobResult>> done)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(done);
        if (IsRunning)
            return;
        (IsRunning, Fault, Status, WasCancelled) = (true, null, null, false);
        lock (_previews)
            _previews.Clear();
        Changed?.Invoke();
        try
        {
            // Checking a task may look at large images, which the page's own thread need not wait for.
            _job = await Task.Run(() => _circuit.Start(task())).ConfigureAwait(false);
            await FollowAsync(_job).ConfigureAwait(false);
            if (_job.Fault is { } fault)
                throw fault;
            done(_job.Model, _job.Results);
        }
        catch (OperationCanceledException)
        {
            WasCancelled = true;
        }
#pragma warning disable CA1031 // Whatever it is, it is shown on the page.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fault = Faults.Sentence(e);
        }
        finally
        {
            (_job, IsRunning) = (null, false);
            Changed?.Invoke();
        }
    }

    /// <summary>Stops the work, where there is some.</summary>
    public void Cancel() => _job?.Cancel();

    /// <summary>Forgets how the last one ended.</summary>
    public void Clear()
    {
        if (!IsRunning)
            (Fault, Status, WasCancelled) = (null, null, false);
    }

    private async Task FollowAsync(Job job)
    {
        await foreach (var news in job.WatchAsync(_circuit.Closed).ConfigureAwait(false))
        {
            Status = news.Status;
            if (news.Preview is { } preview)
            {
                var address = DataAddress.Of(preview.Image);
                lock (_previews)
                    _previews[preview.Index] = address;
            }
            Changed?.Invoke();
        }
    }
}
