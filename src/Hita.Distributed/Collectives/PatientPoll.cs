using System.Diagnostics;

namespace Hita.Distributed.Collectives;

/// <summary>
/// Asks again and again whether something is done. At first without a pause, since messages only move while they are asked for; a rank that
/// waits long for a slower one takes little of the processor.
/// </summary>
internal sealed class PatientPoll(GroupFault fault, TimeSpan limit)
{
    private const int EagerMilliseconds = 20;
    private const int RoundsBetweenSleeps = 256;

    /// <summary>Waits.</summary>
    /// <param name="isDone">Asks.</param>
    /// <param name="what">What is waited for, for the sentence.</param>
    /// <exception cref="GroupException">A rank was lost, or it took longer than the limit.</exception>
    public void Wait(Func<bool> isDone, string what)
    {
        var began = Stopwatch.GetTimestamp();
        for (var round = 0; !isDone(); round++)
        {
            fault.ThrowIfSet();
            var elapsed = Stopwatch.GetElapsedTime(began);
            if (elapsed > limit)
                throw new GroupException($"The ranks have waited for each other for {limit.TotalSeconds:0} seconds ({what}): one of them is stuck, or they do not do the same.");
            if (elapsed.TotalMilliseconds > EagerMilliseconds && round % RoundsBetweenSleeps == 0)
                Thread.Sleep(1);
            else
                Thread.Yield();
        }
    }
}
