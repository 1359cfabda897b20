using System.Runtime.InteropServices;

namespace Hita.Runtime;

/// <summary>Makes renames survive a loss of power: a folder's entries reach the disk only when the folder itself is flushed.</summary>
internal static partial class DurableFolder
{
    /// <summary>Flushes a folder's entries; does nothing where the system has no such call.</summary>
    public static void Flush(string folder)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
            return;
        var handle = Open(folder, 0);
        if (handle < 0)
            return;
        // A file system that cannot flush a folder says so; the rename itself is done all the same.
        _ = Synchronise(handle);
        _ = Close(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Synchronise(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
