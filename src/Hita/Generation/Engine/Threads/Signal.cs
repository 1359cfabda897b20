namespace Hita.Generation.Engine.Threads;

/// <summary>A counter that threads wait for: they spin for a while, then sleep until it moves.</summary>
internal sealed class Signal
{
    // Some fifty nanoseconds each.
    private const int SpinsBetweenYields = 200;

    private readonly object _sleeping = new();
    private readonly int _spins;
    private int _value;
    private int _sleepers;

    /// <summary>Creates the counter at zero.</summary>
    /// <param name="spins">How often a thread looks before it sleeps; few where threads outnumber processors, since the one
    /// that is waited for may then need the waiting one's processor.</param>
    public Signal(int spins) => _spins = spins;

    /// <summary>The counter.</summary>
    public int Value => Volatile.Read(ref _value);

    /// <summary>Moves the counter on and wakes whoever sleeps.</summary>
    public void Advance()
    {
        // Both this and the sleeper's increment are full fences: either the sleeper sees the new value, or this sees the sleeper.
        Interlocked.Increment(ref _value);
        if (Volatile.Read(ref _sleepers) == 0)
            return;
        lock (_sleeping)
            Monitor.PulseAll(_sleeping);
    }

    /// <summary>Returns once the counter is no longer at a value.</summary>
    public void WaitWhile(int value)
    {
        for (var spin = 1; spin <= _spins; spin++)
        {
            if (Value != value)
                return;
            if (spin % SpinsBetweenYields == 0)
                Thread.Yield();
            else
                Thread.SpinWait(1);
        }

        lock (_sleeping)
        {
            Interlocked.Increment(ref _sleepers);
            while (Value == value)
                Monitor.Wait(_sleeping);
            Interlocked.Decrement(ref _sleepers);
        }
    }
}
