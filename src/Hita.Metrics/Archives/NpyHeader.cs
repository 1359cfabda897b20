using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Metrics.Archives;

/// <summary>What a NumPy array file says about its array: the type of the elements, their order and the sides.</summary>
/// <param name="Type">The type of the elements.</param>
/// <param name="Shape">The sides, outermost first; empty for a single number.</param>
/// <param name="BigEndian">Whether each element's bytes are stored from the most significant down.</param>
/// <param name="FortranOrder">Whether the first side varies fastest, not the last.</param>
public sealed record NpyHeader(TensorType Type, IReadOnlyList<long> Shape, bool BigEndian = false, bool FortranOrder = false)
{
    private const int PrefixLength = 10;
    private const int Alignment = 64;

    // NumPy's own limit for headers it evaluates without being told to trust the file is 10,000.
    private const int MaxText = 1 << 16;
    private const int MaxSides = 32;

    private static readonly (string Name, TensorType Type)[] Names =
    [
        ("f8", TensorType.Float64), ("f4", TensorType.Float32), ("f2", TensorType.Float16),
        ("i8", TensorType.Int64), ("i4", TensorType.Int32), ("i2", TensorType.Int16), ("i1", TensorType.Int8),
        ("u8", TensorType.UInt64), ("u4", TensorType.UInt32), ("u2", TensorType.UInt16), ("u1", TensorType.UInt8),
        ("b1", TensorType.Bool),
    ];

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Number of elements.</summary>
    public long Count
    {
        get
        {
            var count = 1L;
            foreach (var side in Shape)
                count = checked(count * side);
            return count;
        }
    }

    /// <summary>Bytes of the elements.</summary>
    public long ByteLength => checked(Count * Type.Size());

    /// <summary>The shape as text, for messages: <c>[50000, 256, 256, 3]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Equal type, order and sides.</summary>
    /// <param name="other">The other header.</param>
    public bool Equals(NpyHeader? other) => other is not null && Type == other.Type && BigEndian == other.BigEndian
        && FortranOrder == other.FortranOrder && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, BigEndian, FortranOrder, Shape.Count);

    /// <summary>The bytes that come before the elements, of format version 1.0, a multiple of 64 long as NumPy writes them.</summary>
    /// <exception cref="ArgumentException">The type has no NumPy name.</exception>
    internal byte[] ToBytes()
    {
        var name = Array.Find(Names, n => n.Type == Type).Name
            ?? throw new ArgumentException($"Arrays of {Type.PlainName()} have no form in NumPy's files.");
        var order = Type.Size() == 1 ? '|' : BigEndian ? '>' : '<';
        // A tuple of one element needs its comma.
        var sides = string.Join(", ", Shape.Select(static s => s.ToString(CultureInfo.InvariantCulture))) + (Shape.Count == 1 ? "," : "");
        var text = $"{{'descr': '{order}{name}', 'fortran_order': {(FortranOrder ? "True" : "False")}, 'shape': ({sides}), }}";
        var length = (PrefixLength + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        var bytes = new byte[length];
        bytes.AsSpan().Fill((byte)' ');
        Magic.CopyTo(bytes);
        bytes[6] = 1;
        bytes[7] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(length - PrefixLength));
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(PrefixLength));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    /// <summary>Reads a header and leaves the stream at the first element.</summary>
    /// <param name="stream">Stands at the start of the array file.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="what">The array, for messages: "the array 'arr_0'".</param>
    /// <returns>The header, and how many bytes it took.</returns>
    /// <exception cref="ArchiveException">It is no header, or one of an array of a kind that is not read.</exception>
    internal static (NpyHeader Header, int Length) Read(Stream stream, string path, string what)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength + 2];
        var start = prefix[..PrefixLength];
        if (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start[..6].SequenceEqual(Magic))
            throw new ArchiveException(path, $"{what} is not a NumPy array; it does not start like one.");
        var (fixedLength, length) = (PrefixLength, (long)BinaryPrimitives.ReadUInt16LittleEndian(start[8..]));
        if (start[6] is 2 or 3)
        {
            fixedLength += 2;
            stream.ReadExactly(prefix[PrefixLength..]);
            length = BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]);
        }
        else if (start[6] != 1)
        {
            throw new ArchiveException(path, $"{what} is of version {start[6]} of NumPy's format; versions 1 to 3 are read.");
        }
        if (length > MaxText)
            throw new ArchiveException(path, $"{what} claims a header of {length} bytes; an array of numbers needs a few hundred at most.");
        var text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length)
            throw new ArchiveException(path, $"{what} ends inside its header.");
        return (Parse(text, path, what), fixedLength + (int)length);
    }

    private static NpyHeader Parse(byte[] text, string path, string what)
    {
        if (NpyHeaderText.TryParse(Encoding.Latin1.GetString(text)) is not { } fields)
            throw new ArchiveException(path, $"the header of {what} is damaged or describes more than one array of numbers.");
        var (description, fortran, shape) = fields;
        var order = description.Length == 3 ? description[0] : '\0';
        var type = order is '<' or '>' or '|' or '=' ? Array.Find(Names, n => n.Name == description[1..]) : default;
        if (type.Name is null)
        {
            var reason = description.Contains('O', StringComparison.Ordinal) ? "it holds Python objects, which could run code when loaded" : "only arrays of numbers are read";
            throw new ArchiveException(path, $"{what} is of the type '{MessageText.Short(description)}': {reason}.");
        }
        if (shape.Count > MaxSides)
            throw new ArchiveException(path, $"{what} claims {shape.Count} dimensions; NumPy has {MaxSides} at most.");
        var header = new NpyHeader(type.Type, shape, order == '>' && type.Type.Size() > 1, fortran && shape.Count > 1);
        try
        {
            _ = header.ByteLength;
        }
        catch (OverflowException e)
        {
            throw new ArchiveException(path, $"{what} claims the impossible shape {MessageText.Short(header.ShapeText)}.", e);
        }
        return header;
    }
}
