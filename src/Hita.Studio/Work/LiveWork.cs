using Hita.Server.Jobs;

namespace Hita.Studio.Work;

/// <summary>
/// Answers a control while it is moved. One piece of work runs at a time; of those that are asked for meanwhile only the newest is
/// done, so that the answers keep up with the hand however slow the model is.
/// </summary>
/// <param name="circuit">The page.</param>
/// <param name="changed">Told of every answer and fault, on a thread of the pool.</param>
/// <typeparam name="T">What an answer is.</typeparam>
public sealed class LiveWork<T>(StudioCircuit circuit, Func<Task> changed)
    where T : class
{
    private readonly Lock _lock = new();
    private (string Kind, Func<ServedModel, CancellationToken, T> Work)? _next;
    private bool _runs;

    /// <summary>The newest answer; null before the first one.</summary>
    public T? Answer { get; private set; }

    /// <summary>Why the newest piece of work failed; null where it did not.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether an answer is on its way.</summary>
    public bool IsRunning => _runs;

    /// <summary>Asks for an answer; what was asked for before and has not begun is left out.</summary>
    /// <param name="kind">What it is, in a word for the metrics.</param>
    /// <param name="work">The work.</param>
    public void Ask(string kind, Func<ServedModel, CancellationToken, T> work)
    {
        lock (_lock)
        {
            _next = (kind, work);
            if (_runs)
                return;
            _runs = true;
        }
        _ = RunAsync();
    }

    /// <summary>Forgets the answer.</summary>
    public void Clear()
    {
        lock (_lock)
            _next = null;
        (Answer, Fault) = (null, null);
    }

    private async Task RunAsync()
    {
        while (true)
        {
            (string Kind, Func<ServedModel, CancellationToken, T> Work) asked;
            lock (_lock)
            {
                if (_next is not { } next)
                {
                    _runs = false;
                    break;
                }
                (asked, _next) = (next, null);
            }
            await AnswerAsync(new LiveTask<T>(asked.Kind, asked.Work)).ConfigureAwait(false);
        }
        await changed().ConfigureAwait(false);
    }

    private async Task AnswerAsync(LiveTask<T> task)
    {
        Exception? fault;
        try
        {
            var job = circuit.Start(task);
            await job.Completion.ConfigureAwait(false);
            fault = job.Fault;
        }
#pragma warning disable CA1031 // Whatever it is, it is shown where the answer would be.
        catch (Exception e)
#pragma warning restore CA1031
        {
            fault = e;
        }
        if (fault is OperationCanceledException)
            return;
        Fault = fault is null ? null : Faults.Sentence(fault);
        if (fault is null)
            Answer = task.Result;
        await changed().ConfigureAwait(false);
    }
}
