using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hita.Runtime;

/// <summary>A file that lies in memory alone (Linux), for libraries that no folder can take: none is writable, or none of those
/// that are lets programs be executed.</summary>
internal sealed partial class MemoryFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private MemoryFile(SafeFileHandle handle) => _handle = handle;

    /// <summary>The path by which this process opens the file; valid until it is disposed.</summary>
    public string Path => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    /// <summary>Makes a file with these bytes.</summary>
    /// <param name="name">The name that lists of loaded files show.</param>
    /// <param name="bytes">Its contents.</param>
    /// <returns>Null where the system has no such files.</returns>
    public static MemoryFile? Create(string name, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var handle = new SafeFileHandle(Make(name, 1), ownsHandle: true); // 1: not for programs that this one starts
            if (handle.IsInvalid)
            {
                handle.Dispose();
                return null;
            }
            RandomAccess.Write(handle, bytes, 0);
            return new MemoryFile(handle);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException or IOException)
        {
            return null;
        }
    }

    /// <summary>Closes the file; a library that was loaded from it stays.</summary>
    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Make(string name, uint flags);
}
