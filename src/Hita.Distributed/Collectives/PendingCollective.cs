using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Hita.Distributed.Collectives;

/// <summary>An operation over all ranks that has begun.</summary>
public sealed class PendingCollective
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly TaskCompletionSource _done = new();
    private readonly GroupFault _fault;
    private long _began;
    private Exception? _error;
    private long _ended;

    internal PendingCollective(GroupFault fault) => _fault = fault;

    /// <summary>An operation that had nothing to do.</summary>
    internal static PendingCollective Completed { get; } = CreateCompleted();

    /// <summary>Whether it is over, in whatever way.</summary>
    public bool IsDone => _done.Task.IsCompleted;

    /// <summary>Seconds that it took once it was its turn, the wait for slower ranks included; 0 while it has not ended.</summary>
    internal double Seconds => IsDone && _began > 0 ? Stopwatch.GetElapsedTime(_began, _ended).TotalSeconds : 0;

    /// <summary>Waits until it is done.</summary>
    /// <exception cref="GroupException">A rank was lost, or the library failed.</exception>
    public void Wait()
    {
        // What carries it out may be stuck in a native call, and a lost rank ends the wait all the same.
        while (!_done.Task.Wait(Look))
            _fault.ThrowIfSet();
        if (_error is { } error)
            ExceptionDispatchInfo.Throw(error);
    }

    internal void Begin() => _began = Stopwatch.GetTimestamp();

    internal void Complete()
    {
        _ended = Stopwatch.GetTimestamp();
        _done.SetResult();
    }

    internal void Fail(Exception error)
    {
        _error = error;
        Complete();
    }

    private static PendingCollective CreateCompleted()
    {
        var done = new PendingCollective(new GroupFault());
        done.Complete();
        return done;
    }
}
