using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>
/// Keeps what a description makes us allocate in proportion to the file that holds it: a file from a stranger may not turn a
/// few bytes into a lot of memory.
/// </summary>
internal sealed class AllocationBudget
{
    private const long Allowance = 3 << 20;
    private readonly string _path;
    private long _left;

    /// <summary>Creates the budget: a little over the file's size, and an allowance for small files.</summary>
    /// <param name="path">The file, for the message.</param>
    /// <param name="length">Its size in bytes.</param>
    public AllocationBudget(string path, long length)
    {
        _path = path;
        _left = Math.Min(length, long.MaxValue / 4) + Allowance;
    }

    /// <summary>Charges the estimated bytes of something about to be made.</summary>
    /// <exception cref="CheckpointException">The file describes more than its size allows.</exception>
    public void Charge(long bytes)
    {
        _left -= bytes;
        if (bytes < 0 || _left < 0)
            throw new CheckpointException(_path, "the file describes far more objects than a file of its size can honestly hold, so it is refused.");
    }
}
