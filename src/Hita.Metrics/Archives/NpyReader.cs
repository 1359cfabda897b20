using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Metrics.Archives;

/// <summary>
/// Reads one NumPy array from its first element to its last, in parts of any size, so that an array larger than the memory can
/// be gone through. After the last element the checksum is compared, where the array lies in an archive.
/// </summary>
public sealed class NpyReader : IDisposable
{
    private const int BlockBytes = 1 << 16;
    private readonly Stream _stream;
    private readonly string _path;
    private readonly string _what;
    private readonly uint? _expectedSum;
    private readonly Crc32 _sum = new();
    private long _left;

    /// <summary>Reads the header.</summary>
    /// <param name="stream">Stands at the start of the array file; closed with this reader.</param>
    /// <param name="length">Bytes of the array file, header included.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="what">The array, for messages: "the array 'arr_0'".</param>
    /// <param name="sum">The CRC-32 of the array file, where it is known.</param>
    internal NpyReader(Stream stream, long length, string path, string what, uint? sum)
    {
        (_path, _what, _expectedSum) = (path, what, sum);
        _stream = sum is null ? stream : new SummingStream(stream, _sum);
        (Header, var headerLength) = Guard(() => NpyHeader.Read(_stream, path, what));
        _left = Header.ByteLength;
        if (_left != length - headerLength)
            throw new ArchiveException(path, $"{what} has {length - headerLength} bytes, where its shape {Header.ShapeText} of {Header.Type.PlainName()} needs {_left}.");
        if (_left == 0)
            CheckEnd();
    }

    /// <summary>The type, order and sides of the array.</summary>
    public NpyHeader Header { get; }

    /// <summary>Bytes that have not been read yet.</summary>
    public long LeftBytes => _left;

    /// <summary>Opens a file that holds one array (<c>.npy</c>).</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArchiveException">It cannot be opened, is no array file, or holds something else than numbers.</exception>
    public static NpyReader Open(string path)
    {
        var stream = ArchiveFaults.Open(path);
        try
        {
            return new NpyReader(stream, stream.Length, path, "the file", sum: null);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next elements, in the order in which they are stored.</summary>
    /// <param name="destination">
    /// Receives whole elements, little-endian whatever the file has; not more than are left.
    /// </param>
    /// <exception cref="ArchiveException">The file ends too early, is damaged, or cannot be read.</exception>
    /// <exception cref="ArgumentException">More than is left is asked for, or a part of an element.</exception>
    public void Read(Span<byte> destination)
    {
        var size = Header.Type.Size();
        if (destination.Length > _left || destination.Length % size != 0)
            throw new ArgumentException($"{destination.Length} bytes cannot be read: {_left} are left, in elements of {size}.", nameof(destination));
        try
        {
            _stream.ReadExactly(destination);
        }
        catch (Exception e) when (ArchiveFaults.IsFault(e))
        {
            throw ArchiveFaults.Damaged(_path, _what, e);
        }
        _left -= destination.Length;
        if (Header.BigEndian)
            ByteOrder.Swap(destination, size);
        if (_left == 0)
            CheckEnd();
    }

    /// <summary>Reads the rest of the elements and throws them away, so that the checksum is compared.</summary>
    /// <param name="bytes">How many bytes to leave out, a multiple of the element's size; null for all that are left.</param>
    /// <exception cref="ArchiveException">The file ends too early, is damaged, or cannot be read.</exception>
    public void Skip(long? bytes = null)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
        for (var rest = bytes ?? _left; rest > 0;)
        {
            var part = (int)Math.Min(rest, BlockBytes);
            Read(buffer.AsSpan(0, part));
            rest -= part;
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Reads the whole array as float64, from any type of number.</summary>
    /// <param name="maxCount">
    /// The largest number of elements that is accepted; a file from a stranger may claim, or unpack to, any number.
    /// </param>
    /// <returns>The values in row-major order, also where the file has another.</returns>
    /// <exception cref="ArchiveException">There are more elements, or the file is damaged.</exception>
    public double[] ReadDoubles(long maxCount = 1 << 26)
    {
        if (Header.Count > maxCount)
            throw new ArchiveException(_path, $"{_what} holds {Header.Count} numbers; at most {maxCount} are read at once.");
        var size = Header.Type.Size();
        var count = (int)Header.Count;
        // A packed array may claim far more than it has, so memory is only taken for what has really come.
        var values = new double[Math.Min(count, 1 << 20)];
        Span<byte> block = new byte[BlockBytes];
        for (var done = 0; done < count;)
        {
            var part = Math.Min(count - done, BlockBytes / size);
            if (done + part > values.Length)
                Array.Resize(ref values, (int)Math.Min(count, 2L * values.Length));
            Read(block[..(part * size)]);
            ToDoubles(Header.Type, block[..(part * size)], values.AsSpan(done, part));
            done += part;
        }
        return Header.FortranOrder ? RowMajor(values, Header.Shape) : values;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    private void CheckEnd()
    {
        if (Guard(_stream.ReadByte) >= 0 || (_expectedSum is { } sum && _sum.GetCurrentHashAsUInt32() != sum))
            throw ArchiveFaults.Damaged(_path, _what);
    }

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (ArchiveFaults.IsFault(e))
        {
            throw ArchiveFaults.Damaged(_path, _what, e);
        }
    }

    private static void ToDoubles(TensorType type, ReadOnlySpan<byte> from, Span<double> to)
    {
        switch (type)
        {
            case TensorType.Float64: Cast<double>(from).CopyTo(to); break;
            case TensorType.Float32: Convert<float>(from, to, static v => v); break;
            case TensorType.Float16: Convert<Half>(from, to, static v => (double)v); break;
            case TensorType.Int64: Convert<long>(from, to, static v => v); break;
            case TensorType.Int32: Convert<int>(from, to, static v => v); break;
            case TensorType.Int16: Convert<short>(from, to, static v => v); break;
            case TensorType.Int8: Convert<sbyte>(from, to, static v => v); break;
            case TensorType.UInt64: Convert<ulong>(from, to, static v => v); break;
            case TensorType.UInt32: Convert<uint>(from, to, static v => v); break;
            case TensorType.UInt16: Convert<ushort>(from, to, static v => v); break;
            default: Convert<byte>(from, to, static v => v); break;
        }
    }

    private static ReadOnlySpan<T> Cast<T>(ReadOnlySpan<byte> bytes)
        where T : struct => MemoryMarshal.Cast<byte, T>(bytes);

    private static void Convert<T>(ReadOnlySpan<byte> from, Span<double> to, Func<T, double> convert)
        where T : struct
    {
        var values = Cast<T>(from);
        for (var i = 0; i < to.Length; i++)
            to[i] = convert(values[i]);
    }

    private static double[] RowMajor(double[] columnMajor, IReadOnlyList<long> shape)
    {
        var values = new double[columnMajor.Length];
        var place = new long[shape.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var at = 0L;
            for (var side = shape.Count - 1; side >= 0; side--)
                at = at * shape[side] + place[side];
            values[i] = columnMajor[at];
            for (var side = shape.Count - 1; side >= 0 && ++place[side] == shape[side]; side--)
                place[side] = 0;
        }
        return values;
    }
}

/// <summary>Turns elements round.</summary>
internal static class ByteOrder
{
    /// <summary>Reverses the bytes of each element of 2, 4 or 8 bytes.</summary>
    public static void Swap(Span<byte> bytes, int size)
    {
        switch (size)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, ushort>(bytes);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, uint>(bytes);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<byte, ulong>(bytes);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }
}
