using System.Buffers.Binary;
using Hita.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Hita.Data.Sources;

/// <summary>
/// A Parquet file as the library that reads it gets to see it: with its description read, checked and written anew, so that
/// nothing in it can lead astray, and with an end that cannot be read beyond.
/// </summary>
/// <remarks>
/// The library takes the end of a file for bytes of ones, which it follows for ever, and nests as deep as a file says.
/// </remarks>
internal sealed class ParquetFile : Stream
{
    private const int WindowBytes = 4096;
    private readonly SafeFileHandle _handle;
    private readonly CancellationToken _cancellation;
    private readonly byte[] _tail;
    private readonly byte[] _window = new byte[WindowBytes];
    private long _windowStart;
    private int _windowLength;

    /// <summary>Opens a file and reads its description.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Ends whatever reads on.</param>
    /// <exception cref="DataException">It is encrypted.</exception>
    /// <exception cref="InvalidDataException">It is no Parquet file or a damaged one.</exception>
    public ParquetFile(string path, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        _handle = File.OpenHandle(path, options: FileOptions.RandomAccess);
        try
        {
            var length = RandomAccess.GetLength(_handle);
            FileLength = length;
            var end = length < 12 ? throw new EndOfStreamException("it is too short") : At(length - 8, 8);
            if (end.AsSpan(4).SequenceEqual("PARE"u8))
                throw new DataException(path, "this Parquet file is encrypted; write it again without encryption.");
            var description = BinaryPrimitives.ReadInt32LittleEndian(end);
            if (!end.AsSpan(4).SequenceEqual("PAR1"u8) || !At(0, 4).AsSpan().SequenceEqual("PAR1"u8) || description < 1 || description > length - 12)
                throw new InvalidDataException("its ends are not those of a Parquet file");
            DataEnd = Limit = length - 8 - description;
            _tail = ParquetFooter.Cleaned(At(DataEnd, description));
            Limit = Length;
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of the file as it lies there.</summary>
    public long FileLength { get; }

    /// <summary>Where its columns end.</summary>
    public long DataEnd { get; }

    /// <summary>Where reading ends: the file's end, or that of the column that is read.</summary>
    public long Limit { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => DataEnd + _tail.Length;

    public override long Position { get; set; }

    /// <summary>Bytes from a place among the columns or in the description.</summary>
    /// <exception cref="EndOfStreamException">They reach beyond the file's end.</exception>
    public byte[] At(long offset, int count)
    {
        if (offset < 0 || count > FileLength - offset)
            throw new EndOfStreamException("a part reaches beyond the file's end");
        var bytes = new byte[count];
        StoredBytes.ReadExactly(_handle, bytes, offset);
        return bytes;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override int Read(Span<byte> buffer)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (buffer.IsEmpty)
            return 0;
        if (Position < 0 || Position >= Limit)
            throw new EndOfStreamException("it is read beyond its end");
        buffer = buffer[..(int)Math.Min(buffer.Length, Limit - Position)];
        var read = Position >= DataEnd ? ReadTail(buffer) : ReadData(buffer[..(int)Math.Min(buffer.Length, DataEnd - Position)]);
        Position += read;
        return read;
    }

    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 1 ? one[0] : -1;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => Length,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _handle.Dispose();
        base.Dispose(disposing);
    }

    private int ReadTail(Span<byte> buffer)
    {
        var rest = _tail.AsSpan((int)(Position - DataEnd));
        rest = rest[..Math.Min(rest.Length, buffer.Length)];
        rest.CopyTo(buffer);
        return rest.Length;
    }

    private int ReadData(Span<byte> buffer)
    {
        if (buffer.Length >= WindowBytes)
            return RandomAccess.Read(_handle, buffer, Position) is > 0 and var read ? read : throw new EndOfStreamException("it has become shorter");
        if (Position < _windowStart || Position >= _windowStart + _windowLength)
        {
            _windowStart = Position;
            _windowLength = RandomAccess.Read(_handle, _window.AsSpan(0, (int)Math.Min(WindowBytes, DataEnd - Position)), Position);
            if (_windowLength == 0)
                throw new EndOfStreamException("it has become shorter");
        }
        var part = _window.AsSpan((int)(Position - _windowStart), _windowLength - (int)(Position - _windowStart));
        part = part[..Math.Min(part.Length, buffer.Length)];
        part.CopyTo(buffer);
        return part.Length;
    }
}
