using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Hita.Runtime;

namespace Hita.Checkpoints.TorchZip;

/// <summary>
/// The stream of a pickle: single bytes, numbers, lines and texts. Texts are charged to the budget before they are made, and
/// are never longer than what is left of the stream.
/// </summary>
internal sealed class PickleReader
{
    private const int LongestLine = 512;
    private const int LongestInteger = 256;

    private readonly string _path;
    private readonly Stream _stream;
    private readonly AllocationBudget _budget;
    private readonly byte[] _buffer = new byte[1 << 14];
    private long _left;
    private int _at;
    private int _filled;

    /// <summary>Creates the reader.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="stream">The pickle.</param>
    /// <param name="length">Its length in bytes; nothing beyond it is read.</param>
    /// <param name="budget">Charged for every text.</param>
    public PickleReader(string path, Stream stream, long length, AllocationBudget budget)
    {
        _path = path;
        _stream = stream;
        _left = length;
        _budget = budget;
    }

    public byte Byte()
    {
        if (_at == _filled)
            Refill();
        return _buffer[_at++];
    }

    public ushort UInt16() => (ushort)(Byte() | (Byte() << 8));

    public int Int32() => unchecked((int)UInt32());

    public uint UInt32() => UInt16() | ((uint)UInt16() << 16);

    public ulong UInt64() => UInt32() | ((ulong)UInt32() << 32);

    /// <summary>A binary64 in the byte order pickles use: the most significant byte first.</summary>
    public double Double()
    {
        Span<byte> eight = stackalloc byte[8];
        for (var i = 0; i < 8; i++)
            eight[i] = Byte();
        return BinaryPrimitives.ReadDoubleBigEndian(eight);
    }

    /// <summary>An integer of any length, as a long where it fits.</summary>
    public object Integer(uint length)
    {
        if (length > LongestInteger)
            throw Damaged($"holds an integer of {length} bytes");
        Span<byte> bytes = stackalloc byte[(int)length];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = Byte();
        _budget.Charge(64 + length);
        var value = new BigInteger(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? (long)value : value;
    }

    /// <summary>A line of text without its end.</summary>
    public string Line()
    {
        Span<byte> line = stackalloc byte[LongestLine];
        var length = 0;
        for (var b = Byte(); b != '\n'; b = Byte())
        {
            if (length == LongestLine)
                throw Damaged("holds a name that is too long");
            line[length++] = b;
        }
        _budget.Charge(32 + (2L * length));
        return Encoding.UTF8.GetString(line[..length]);
    }

    public string Text(ulong length) => Encoding.UTF8.GetString(Bytes(length, textToo: true));

    public byte[] Bytes(ulong length) => Bytes(length, textToo: false);

    private byte[] Bytes(ulong length, bool textToo)
    {
        if (length > (ulong)(_left + _filled - _at))
            throw EndsEarly();
        _budget.Charge((textToo ? 3 : 1) * (long)length + 64);
        if (length > (ulong)Array.MaxLength)
            throw Damaged("holds a text that is too long");
        var bytes = new byte[length];
        for (var done = 0; done < bytes.Length;)
        {
            if (_at == _filled)
                Refill();
            var now = Math.Min(bytes.Length - done, _filled - _at);
            _buffer.AsSpan(_at, now).CopyTo(bytes.AsSpan(done));
            _at += now;
            done += now;
        }
        return bytes;
    }

    private void Refill()
    {
        var read = _left == 0 ? 0 : _stream.Read(_buffer, 0, (int)Math.Min(_buffer.Length, _left));
        if (read <= 0)
            throw EndsEarly();
        _left -= read;
        _at = 0;
        _filled = read;
    }

    private CheckpointException EndsEarly() => Damaged("ends before its end mark");

    private CheckpointException Damaged(string how) => new(_path, $"the description of the tensors (data.pkl) {how}, so the file is damaged.");
}
