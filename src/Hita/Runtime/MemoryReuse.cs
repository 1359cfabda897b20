using System.Runtime.InteropServices;

namespace Hita.Runtime;

/// <summary>
/// Keeps the memory of large tensors in the process while many of them come and go. The C library gives each back to the system
/// at once, and the system clears every page again: a quarter of the time of decoding an image, a tenth of a training step.
/// </summary>
/// <remarks>Only on Linux with the GNU library; elsewhere nothing is done. Scopes may overlap, also of several threads.</remarks>
internal sealed partial class MemoryReuse : IDisposable
{
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;
    private const int MaxMaps = -4;
    private const int DefaultMaxMaps = 65536;

    // The largest that the library takes; without it, it would go on mapping whatever is above the threshold it has reached.
    private const int LargestMapThreshold = 32 << 20;

    // What may stay unused at the end of the heap.
    private const int LargestReserve = 1 << 30;

    private static readonly Lock Gate = new();
    private static int _scopes;
    private static bool _unavailable = !OperatingSystem.IsLinux();
    private bool _disposed;

    private MemoryReuse()
    {
    }

    /// <summary>Whether memory is kept now.</summary>
    internal static bool IsOn
    {
        get
        {
            lock (Gate)
                return _scopes > 0;
        }
    }

    /// <summary>Begins to keep memory, until the last scope ends.</summary>
    public static MemoryReuse Begin()
    {
        lock (Gate)
        {
            if (_scopes++ == 0 && !_unavailable)
                Set((TrimThreshold, LargestReserve), (MapThreshold, LargestMapThreshold), (MaxMaps, 0));
        }
        return new MemoryReuse();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (--_scopes == 0 && !_unavailable)
                Set((MaxMaps, DefaultMaxMaps));
        }
    }

    /// <summary>Gives unused memory back to the system.</summary>
    public static void GiveBack()
    {
        lock (Gate)
        {
            if (!_unavailable)
                _ = Trim(0);
        }
    }

    private static void Set(params ReadOnlySpan<(int Parameter, int Value)> options)
    {
        try
        {
            foreach (var (parameter, value) in options)
                _ = SetOption(parameter, value);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library; it manages memory in its own way.
            _unavailable = true;
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetOption(int parameter, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Trim(nuint keep);
}
