using System.IO.MemoryMappedFiles;
using Hita.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Hita.Checkpoints;

/// <summary>
/// Reads ranges of a file through short-lived memory mappings. Views live as long as one read, so that a file of any size
/// never fills the process's resident memory.
/// </summary>
internal sealed class CheckpointBytes : IDisposable
{
    private const int SmallRead = 64 << 10;
    private const int Window = 32 << 20;
    private readonly SafeFileHandle _handle;
    private MemoryMappedFile? _map;

    private CheckpointBytes(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    public string Path { get; }

    /// <summary>The file's length in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="CheckpointException">It is missing, a folder, or may not be read.</exception>
    public static CheckpointBytes Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
            if ((File.GetAttributes(handle) & FileAttributes.Directory) != 0)
                throw new CheckpointException(path, "this is a folder where a file is needed.");
            return new CheckpointBytes(path, handle);
        }
        catch (Exception e)
        {
            handle?.Dispose();
            throw Explain(path, e);
        }
    }

    /// <summary>Turns a failure of the file system into one sentence; other exceptions come back as they are.</summary>
    public static Exception Explain(string path, Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => new CheckpointException(path, "there is no such file.", e),
        UnauthorizedAccessException when Directory.Exists(path) => new CheckpointException(path, "this is a folder where a file is needed.", e),
        UnauthorizedAccessException => new CheckpointException(path, "the file may not be opened; check its permissions.", e),
        IOException => new CheckpointException(path, $"the file cannot be used: {SystemMessage.Of(e)}.", e),
        NotSupportedException or ArgumentException => new CheckpointException(path, "this is not the path of a file.", e),
        _ => e,
    };

    /// <summary>Fills the destination from an offset.</summary>
    /// <exception cref="CheckpointException">The file ends too early or cannot be read.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw EndsEarly();
        try
        {
            while (destination.Length > 0)
            {
                if (destination.Length <= SmallRead)
                {
                    ReadSmall(offset, destination);
                    return;
                }
                var part = destination[..Math.Min(destination.Length, Window)];
                ReadMapped(offset, part);
                offset += part.Length;
                destination = destination[part.Length..];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Explain(Path, e);
        }
    }

    /// <summary>Shows a range of the file to an action, by the address of its first byte; it is gone when the action returns.</summary>
    /// <exception cref="CheckpointException">The file ends too early or cannot be read.</exception>
    public unsafe void View(long offset, long length, Action<nint> action)
    {
        // Touching a page beyond the end of a file that was cut short meanwhile would end the process.
        if (offset < 0 || length < 0 || offset > RandomAccess.GetLength(_handle) - length)
            throw EndsEarly();
        try
        {
            using var view = Map().CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            try
            {
                action((nint)(start + view.PointerOffset));
            }
            finally
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Explain(Path, e);
        }
    }

    public void Dispose()
    {
        _map?.Dispose();
        _handle.Dispose();
    }

    private void ReadSmall(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(_handle, destination, offset);
            if (read <= 0)
                throw EndsEarly();
            offset += read;
            destination = destination[read..];
        }
    }

    private unsafe void ReadMapped(long offset, Span<byte> destination)
    {
        // Touching a page beyond the end of a file that was cut short meanwhile would end the process.
        if (RandomAccess.GetLength(_handle) < offset + destination.Length)
            throw EndsEarly();
        using var view = Map().CreateViewAccessor(offset, destination.Length, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            new ReadOnlySpan<byte>(start + view.PointerOffset, destination.Length).CopyTo(destination);
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    private MemoryMappedFile Map()
    {
        if (Volatile.Read(ref _map) is { } ready)
            return ready;
        var made = MemoryMappedFile.CreateFromFile(_handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        if (Interlocked.CompareExchange(ref _map, made, null) is not { } first)
            return made;
        made.Dispose();
        return first;
    }

    /// <summary>The sentence about a file that is too short.</summary>
    public CheckpointException EndsEarly() => new(Path, "the file ends before what it describes; it was cut short, so copy or download it again.");
}
