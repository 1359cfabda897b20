namespace Hita.Data.Sources;

/// <summary>The kinds of values in Thrift's compact form.</summary>
internal enum ThriftKind : byte
{
    Stop,
    True,
    False,
    Byte,
    Short,
    Int,
    Long,
    Double,
    Binary,
    List,
    Set,
    Map,
    Struct,
}

/// <summary>Reads Thrift's compact form from memory. Nothing that is written in the bytes leads beyond them.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 32;
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes that follow.</summary>
    public readonly int Left => _bytes.Length - Position;

    /// <summary>Takes bytes as they are.</summary>
    /// <exception cref="EndOfStreamException">There are not as many.</exception>
    public ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)Left)
            throw new EndOfStreamException("a value reaches beyond its end");
        var taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    /// <summary>Reads a number without a sign.</summary>
    public ulong Number()
    {
        var number = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Take(1)[0];
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return number;
        }
        throw new InvalidDataException("a number has no end");
    }

    /// <summary>Reads a number with a sign.</summary>
    public long Signed()
    {
        var number = Number();
        return (long)(number >> 1) ^ -(long)(number & 1);
    }

    /// <summary>Reads the head of a field of a structure.</summary>
    /// <param name="id">The number of the field before it, 0 at first; then that of this one.</param>
    /// <param name="kind">What follows; the truth values have nothing that follows.</param>
    /// <returns>Whether there was one; if not, the structure has ended.</returns>
    /// <exception cref="InvalidDataException">The fields are not in ascending order, which all writers keep.</exception>
    public bool Field(ref int id, out ThriftKind kind)
    {
        var head = Take(1)[0];
        kind = (ThriftKind)(head & 0x0F);
        if (head == 0)
            return false;
        var next = head >> 4 == 0 ? Signed() : id + (head >> 4);
        if (next <= id || next > short.MaxValue || kind is ThriftKind.Stop or > ThriftKind.Struct)
            throw new InvalidDataException("a structure is not in order");
        id = (int)next;
        return true;
    }

    /// <summary>Reads the head of a list.</summary>
    /// <returns>How many items follow; each has at least a byte of its own in what is left.</returns>
    public int List(out ThriftKind kind)
    {
        var head = Take(1)[0];
        kind = (ThriftKind)(head & 0x0F);
        var count = head >> 4 == 15 ? Number() : (ulong)(head >> 4);
        return count <= (ulong)Left ? (int)count : throw new EndOfStreamException("a list reaches beyond its end");
    }

    /// <summary>Passes over a value.</summary>
    public void Skip(ThriftKind kind, int depth = 0)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException("it is nested too deep");
        switch (kind)
        {
            case ThriftKind.True or ThriftKind.False:
                break;
            case ThriftKind.Byte:
                Take(1);
                break;
            case ThriftKind.Short or ThriftKind.Int or ThriftKind.Long:
                Number();
                break;
            case ThriftKind.Double:
                Take(8);
                break;
            case ThriftKind.Binary:
                Take(Number());
                break;
            case ThriftKind.List or ThriftKind.Set:
                for (var left = List(out var item); left > 0; left--)
                    SkipItem(item, depth + 1);
                break;
            case ThriftKind.Map:
                SkipMap(depth);
                break;
            case ThriftKind.Struct:
                for (var id = 0; Field(ref id, out var field);)
                    Skip(field, depth + 1);
                break;
            default:
                throw new InvalidDataException("it holds a value of no kind");
        }
    }

    private void SkipMap(int depth)
    {
        var count = Number();
        if (count == 0)
            return;
        if (count > (ulong)Left)
            throw new EndOfStreamException("a map reaches beyond its end");
        var kinds = Take(1)[0];
        for (; count > 0; count--)
        {
            SkipItem((ThriftKind)(kinds >> 4), depth + 1);
            SkipItem((ThriftKind)(kinds & 0x0F), depth + 1);
        }
    }

    // In lists a truth value takes a byte, in structures none.
    private void SkipItem(ThriftKind kind, int depth) => Skip(kind is ThriftKind.True or ThriftKind.False ? ThriftKind.Byte : kind, depth);
}
