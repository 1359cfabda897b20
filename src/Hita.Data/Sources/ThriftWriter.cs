using System.Buffers.Binary;

namespace Hita.Data.Sources;

/// <summary>Writes Thrift's compact form.</summary>
internal sealed class ThriftWriter
{
    private readonly List<byte> _bytes = [];

    public void Byte(byte value) => _bytes.Add(value);

    public void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _bytes.Add((byte)(value | 0x80));
        _bytes.Add((byte)value);
    }

    public void Signed(long value) => Number((ulong)((value << 1) ^ (value >> 63)));

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Number((ulong)bytes.Length);
        _bytes.AddRange(bytes);
    }

    /// <summary>Writes the head of a field.</summary>
    /// <param name="before">The number of the field before it; 0 for the first.</param>
    /// <param name="id">Its number.</param>
    /// <param name="kind">What follows.</param>
    public void Field(int before, int id, ThriftKind kind)
    {
        if (id - before <= 15)
        {
            Byte((byte)((id - before) << 4 | (int)kind));
            return;
        }
        Byte((byte)kind);
        Signed(id);
    }

    public void List(int count, ThriftKind kind)
    {
        Byte((byte)(Math.Min(count, 15) << 4 | (int)kind));
        if (count >= 15)
            Number((ulong)count);
    }

    /// <summary>What stands at the end of a Parquet file: a description, its length and the mark.</summary>
    public byte[] ToParquetTail()
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, _bytes.Count);
        return [.. _bytes, .. length, .. "PAR1"u8];
    }
}
