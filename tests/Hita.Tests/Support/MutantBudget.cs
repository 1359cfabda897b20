using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Hita.Tests.Support;

/// <summary>
/// Holds every reading of a damaged file to a second and to 64 MB more than whole files take. Counted are the process's own
/// processor time, garbage collections included, and all that it allocates, so that a busy machine changes nothing; only classes of
/// the collection <see cref="Alone"/> may use it.
/// </summary>
internal sealed class MutantBudget
{
    private const long MaxBytes = 64 << 20;
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);

    // What waits takes no processor time; a dead end is one all the same.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    private readonly Stopwatch _total = Stopwatch.StartNew();
    private TimeSpan _slowest;
    private long _honest;
    private long _largest;
    private int _count;

    /// <summary>Reads a whole file, whose need is what damaged ones are compared with; what runs for the first time is not counted later.</summary>
    /// <param name="read">Reads it.</param>
    public void Honest(Action read)
    {
        read();
        var (bytes, _, _, thrown) = Measure(read);
        thrown?.Throw();
        _honest = Math.Max(_honest, bytes);
    }

    /// <summary>Reads a damaged file.</summary>
    /// <param name="read">Reads it; it may throw.</param>
    /// <exception cref="InvalidOperationException">It took too much.</exception>
    public void Mutant(Action read)
    {
        var (bytes, time, wait, thrown) = Measure(read);
        (_slowest, _largest, _count) = (time > _slowest ? time : _slowest, Math.Max(_largest, bytes), _count + 1);
        if (bytes > _honest + MaxBytes)
            throw new InvalidOperationException($"It allocates {bytes} bytes, and whole files take {_honest}.");
        if (time > MaxTime || wait > MaxWait)
            throw new InvalidOperationException($"It takes {time.TotalSeconds:0.00} s of processor time and {wait.TotalSeconds:0.00} s in all.");
        thrown?.Throw();
    }

    /// <summary>What the damaged files took.</summary>
    public override string ToString() =>
        $"{_count} mutants in {_total.Elapsed.TotalSeconds:0.0} s: at most {_slowest.TotalMilliseconds:0} ms of processor time and {_largest / 1e6:0.00} MB each, where whole files take {_honest / 1e6:0.00} MB";

    private static (long Bytes, TimeSpan Time, TimeSpan Wait, ExceptionDispatchInfo? Thrown) Measure(Action read)
    {
        var watch = Stopwatch.StartNew();
        var (bytes, time) = (GC.GetTotalAllocatedBytes(precise: true), Environment.CpuUsage.TotalTime);
        ExceptionDispatchInfo? thrown = null;
        try
        {
            read();
        }
        catch (Exception e)
        {
            // Also a refusal has to be soon, and is thrown when that has been looked at.
            thrown = ExceptionDispatchInfo.Capture(e);
        }
        return (GC.GetTotalAllocatedBytes(precise: true) - bytes, Environment.CpuUsage.TotalTime - time, watch.Elapsed, thrown);
    }
}
