using System.Runtime.InteropServices;

namespace Hita.Runtime;

/// <summary>
/// Memory in pages of 2 MiB where the system gives them. What is read from end to end again and again is read half as fast
/// again that way: the processor looks up and prefetches by the page.
/// </summary>
internal static unsafe partial class HugePages
{
    /// <summary>Bytes of a huge page; files that are written in whole ones can be mapped in them, too.</summary>
    public const int Size = 2 << 20;

    private const int AdviseHugePages = 14;

    /// <summary>Reserves memory. Its contents are undefined; <see cref="NativeMemory.AlignedFree"/> releases it.</summary>
    /// <param name="bytes">How much.</param>
    /// <exception cref="OutOfMemoryException">The system has not as much.</exception>
    public static byte* Allocate(nuint bytes)
    {
        if (bytes < Size)
            return (byte*)NativeMemory.AlignedAlloc(bytes, 4096);
        var memory = (byte*)NativeMemory.AlignedAlloc(bytes, Size);
        Advise(memory, bytes);
        return memory;
    }

    /// <summary>Asks for huge pages; memory serves as well without.</summary>
    /// <param name="start">The first byte, at a page.</param>
    /// <param name="bytes">How many.</param>
    public static void Advise(byte* start, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
            _ = AdviseMemory(start, bytes, AdviseHugePages);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int AdviseMemory(byte* start, nuint bytes, int advice);
}
