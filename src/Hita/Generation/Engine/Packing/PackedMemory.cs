using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text;
using Hita.Runtime;

namespace Hita.Generation.Engine.Packing;

/// <summary>
/// The memory of packed weights: a mapped file that every process with the same weights shares, or memory of its own where no
/// file can be kept. A file appears under its name by renaming only, once it is complete.
/// </summary>
internal sealed unsafe class PackedMemory : IDisposable
{
    /// <summary>Bytes in front of the weights: the description, filled up with zeros. A whole number of pages.</summary>
    private const int HeaderLength = 4096;

    private MemoryMappedFile? _file;
    private MemoryMappedViewAccessor? _view;
    private byte* _start;

    private PackedMemory()
    {
    }

    /// <summary>The file, or null for memory of its own.</summary>
    public string? Path { get; private init; }

    /// <summary>The first byte of the weights, at a multiple of 64.</summary>
    public byte* Weights => _start + HeaderLength;

    /// <summary>Maps the file that has the description, or makes it.</summary>
    /// <param name="folder">Where the files are; null for memory of its own.</param>
    /// <param name="name">The beginning of the file's name.</param>
    /// <param name="description">What the weights are; the file must say exactly the same.</param>
    /// <param name="length">Bytes of the weights.</param>
    /// <param name="fill">Packs the weights.</param>
    public static PackedMemory Open(string? folder, string name, string description, long length, Action<PackTarget> fill)
    {
        var header = new byte[HeaderLength];
        if (Encoding.UTF8.GetByteCount(description) > HeaderLength)
            throw new ArgumentException("The description is too long.", nameof(description));
        Encoding.UTF8.GetBytes(description, header);
        if (folder is null)
            return InMemory(header, length, fill);

        var path = System.IO.Path.Combine(folder, $"{name}-{XxHash64.HashToUInt64(header):x16}.packed");
        if (TryMap(path, header, length) is { } found)
            return found;
        try
        {
            Directory.CreateDirectory(folder);
            Write(path, header, length, fill);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full or read-only disk must not keep anyone from generating; another process may also have been faster.
            return TryMap(path, header, length) ?? InMemory(header, length, fill);
        }
        return TryMap(path, header, length) ?? InMemory(header, length, fill);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_start == null)
            return;
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }
        else
        {
            NativeMemory.AlignedFree(_start);
        }
        _start = null;
    }

    private static PackedMemory InMemory(byte[] header, long length, Action<PackTarget> fill)
    {
        var memory = new PackedMemory { _start = HugePages.Allocate((nuint)(length + HeaderLength)) };
        try
        {
            header.CopyTo(new Span<byte>(memory._start, HeaderLength));
            using var target = new MemoryTarget(memory.Weights);
            fill(target);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private static void Write(string path, byte[] header, long length, Action<PackTarget> fill)
    {
        // The caller looks at the bare fault: it has memory of its own where no file can be written.
        AtomicFile.Write(path, Fill, static (_, thrown) => thrown is HitaException ? new IOException(thrown.Message, thrown) : thrown);

        void Fill(FileStream file)
        {
            var writer = new BlockWriter(file.SafeFileHandle);
            writer.Write(0, header);
            using (var target = new FileTarget(writer, HeaderLength))
                fill(target);
            writer.Write(HeaderLength + length, []);
            writer.Finish();
        }
    }

    /// <summary>Maps a file that is complete and says what is asked for; null for any other.</summary>
    private static PackedMemory? TryMap(string path, byte[] header, long length)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0);
            var found = new byte[HeaderLength];
            if (stream.Length != length + HeaderLength || stream.ReadAtLeast(found, HeaderLength, false) != HeaderLength
                || !found.AsSpan().SequenceEqual(header))
            {
                return null;
            }
            var file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            var view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            HugePages.Advise(start, (nuint)(length + HeaderLength));
            return new PackedMemory { _file = file, _view = view, _start = start, Path = path };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
