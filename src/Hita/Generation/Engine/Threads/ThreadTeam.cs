using System.Runtime.ExceptionServices;

namespace Hita.Generation.Engine.Threads;

/// <summary>Work that all members of a team do together.</summary>
internal interface ITeamTask
{
    /// <summary>Does one member's part. Every member passes the same meetings in the same order.</summary>
    /// <param name="member">0 (the thread that asked) to the number of members, exclusive.</param>
    void Execute(int member);
}

/// <summary>
/// A fixed number of threads that work in phases: the caller's and others that sleep while there is no work. Several callers
/// take turns. Nothing is allocated when work is done.
/// </summary>
internal sealed class ThreadTeam : IDisposable
{
    private readonly object _turn = new();
    private readonly Thread[] _threads;
    private readonly TaskShares _shares;
    private readonly Signal _start;
    private readonly Signal _meeting;
    private readonly Signal _end;
    private ITeamTask? _task;
    private ExceptionDispatchInfo? _fault;
    private int _arrived;
    private int _finished;
    private bool _disposed;

    /// <summary>Starts the threads.</summary>
    /// <param name="members">Threads that work together, the caller's included; at least 1.</param>
    public ThreadTeam(int members)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(members);
        Members = members;
        _shares = new TaskShares(members);
        // Phases last some ten to some hundred microseconds, and a caller is back with the next token in as many.
        var spins = members > Environment.ProcessorCount ? 20 : 4000;
        _start = new Signal(spins);
        _meeting = new Signal(spins);
        _end = new Signal(spins);
        _threads = new Thread[members - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var member = i + 1;
            _threads[i] = new Thread(() => Serve(member)) { IsBackground = true, Name = $"Hita engine {member}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that work together.</summary>
    public int Members { get; }

    /// <summary>Does work with all members and returns when every one is done; waits while another caller's work is done.</summary>
    /// <exception cref="ObjectDisposedException">The team has been dissolved.</exception>
    public void Run(ITeamTask work)
    {
        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _task = work;
            _finished = 0;
            var ended = _end.Value;
            _start.Advance();
            Execute(0);
            if (Members > 1)
                _end.WaitWhile(ended);

            _task = null;
            if (_fault is not null)
                Recover();
        }
    }

    /// <summary>Returns once every member has come here; what they wrote before is then seen by all.</summary>
    /// <param name="member">Who comes.</param>
    public void Meet(int member)
    {
        _shares.Advance(member);
        // In this order: a fault that is not seen here moves the signal later than it was read.
        var meeting = _meeting.Value;
        ThrowIfFault();
        if (Interlocked.Increment(ref _arrived) == Members)
        {
            _arrived = 0;
            _meeting.Advance();
        }
        else
        {
            _meeting.WaitWhile(meeting);
            ThrowIfFault();
        }
    }

    /// <summary>Takes a piece of this phase's work: first of the member's own, then of others' that have fallen behind.</summary>
    /// <param name="member">Who asks.</param>
    /// <param name="pieces">Pieces of the whole phase, the same number for every member.</param>
    /// <param name="piece">The piece, 0 to <paramref name="pieces"/>, exclusive.</param>
    /// <returns>False where none is left.</returns>
    public bool TryClaim(int member, int pieces, out int piece) => _shares.TryClaim(member, pieces, out piece);

    /// <summary>Waits for work in progress, then ends the threads.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            if (_disposed)
                return;
            _disposed = true;
            _start.Advance();
            foreach (var thread in _threads)
                thread.Join();
        }
    }

    private void Serve(int member)
    {
        for (var seen = 0; ; seen++)
        {
            _start.WaitWhile(seen);
            if (_disposed)
                return;
            Execute(member);
        }
    }

    private void Execute(int member)
    {
        try
        {
            _task!.Execute(member);
        }
        catch (TeamFaultException)
        {
            // The member at fault has noted it.
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(e), null);
            _meeting.Advance();
        }
        _shares.Advance(member);
        if (member > 0 && Interlocked.Increment(ref _finished) == Members - 1)
            _end.Advance();
    }

    private void ThrowIfFault()
    {
        if (Volatile.Read(ref _fault) is not null)
            throw new TeamFaultException();
    }

    /// <summary>Makes the team usable again after a fault, and passes the fault on.</summary>
    private void Recover()
    {
        var fault = _fault!;
        _fault = null;
        _arrived = 0;
        _shares.Reset();
        fault.Throw();
    }

    /// <summary>Leads a member out of work that another one cannot finish.</summary>
    private sealed class TeamFaultException : Exception;
}
