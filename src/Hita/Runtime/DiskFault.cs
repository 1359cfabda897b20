namespace Hita.Runtime;

/// <summary>Tells a full disk from other faults of reading and writing, on every system alike.</summary>
public static class DiskFault
{
    // ENOSPC, EDQUOT as macOS and as Linux number it, ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL.
    private static readonly int[] Full = [28, 69, 122, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    // ERROR_SHARING_VIOLATION, EWOULDBLOCK as Linux and as macOS number it.
    private static readonly int[] Held = [unchecked((int)0x80070020), 11, 35];

    /// <summary>Whether a disk or a quota was full when this, or what caused it, was thrown.</summary>
    /// <param name="thrown">What was thrown.</param>
    public static bool IsFull(Exception thrown)
    {
        ArgumentNullException.ThrowIfNull(thrown);
        for (Exception? e = thrown; e is not null; e = e.InnerException)
        {
            if (e is IOException && Full.Contains(e.HResult))
                return true;
        }
        return false;
    }

    /// <summary>Whether a file could not be opened because another process holds it.</summary>
    /// <param name="thrown">What was thrown.</param>
    internal static bool IsHeld(IOException thrown) => Held.Contains(thrown.HResult);

    /// <summary>Why something could not be written, as part of a sentence: on one line, without the full stop.</summary>
    /// <param name="thrown">What was thrown.</param>
    internal static string Reason(Exception thrown) =>
        IsFull(thrown) ? "the disk is full" : SystemMessage.Of(thrown is CheckpointException { InnerException: IOException inner } ? inner : thrown);
}
