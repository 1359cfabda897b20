using System.Collections.Concurrent;

namespace Hita.Distributed.Collectives;

/// <summary>
/// The one thread that talks to a library of collectives. Operations take place there in the order in which they were asked for, while
/// others compute; libraries need support no more than one thread.
/// </summary>
internal sealed class CollectiveThread : IDisposable
{
    private readonly BlockingCollection<(Action Work, PendingCollective Pending)> _queue = [];
    private readonly GroupFault _fault;
    private readonly Thread _thread;

    /// <param name="name">The thread's name.</param>
    /// <param name="fault">What the operations fail with once it is set.</param>
    public CollectiveThread(string name, GroupFault fault)
    {
        _fault = fault;
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Does something there after all that was asked for before.</summary>
    public PendingCollective Post(Action work)
    {
        var pending = new PendingCollective(_fault);
        _queue.Add((work, pending));
        return pending;
    }

    /// <summary>Takes nothing more. The thread ends by itself, unless it is stuck: then it ends with the process.</summary>
    public void Dispose() => _queue.CompleteAdding();

    private void Work()
    {
        foreach (var (work, pending) in _queue.GetConsumingEnumerable())
        {
            try
            {
                pending.Begin();
                _fault.ThrowIfSet();
                work();
                pending.Complete();
            }
#pragma warning disable CA1031 // It reaches whoever waits for the operation.
            catch (Exception e)
#pragma warning restore CA1031
            {
                pending.Fail(e);
            }
        }
    }
}
