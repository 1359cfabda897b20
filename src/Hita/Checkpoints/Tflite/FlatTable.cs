using System.Buffers.Binary;
using System.Text;
using Hita.Runtime;

namespace Hita.Checkpoints.Tflite;

/// <summary>A table of a FlatBuffers file; every place is checked against the file before it is read.</summary>
/// <param name="file">The file.</param>
/// <param name="at">Where the table starts.</param>
internal readonly struct FlatTable(FlatBuffer file, int at)
{
    /// <summary>The root table of a file.</summary>
    public static FlatTable Root(FlatBuffer file) => new(file, file.Follow(0));

    /// <summary>A whole number of one byte, or its default where the field is absent.</summary>
    public int Byte(int field, int absent = 0) => Field(field) is { } place ? (sbyte)file.Bytes(place, 1)[0] : absent;

    /// <summary>A whole number of four bytes, or its default where the field is absent.</summary>
    public int Int(int field, int absent = 0) => Field(field) is { } place ? file.Int(place) : absent;

    /// <summary>A text; empty where the field is absent.</summary>
    public string Text(int field) => Encoding.UTF8.GetString(Vector(field, 1));

    /// <summary>A table inside; null where the field is absent.</summary>
    public FlatTable? Table(int field) => Field(field) is { } place ? new FlatTable(file, file.Follow(place)) : null;

    /// <summary>The bytes of a vector whose elements have this many; empty where the field is absent.</summary>
    public ReadOnlySpan<byte> Vector(int field, int size)
    {
        if (Field(field) is not { } place)
            return [];
        var start = file.Follow(place);
        var count = file.Int(start);
        if (count < 0 || (long)count * size > file.Length)
            throw file.Damaged();
        return file.Bytes(start + 4, count * size);
    }

    /// <summary>A vector of whole numbers of four bytes.</summary>
    public int[] Ints(int field)
    {
        var bytes = Vector(field, 4);
        var values = new int[bytes.Length / 4];
        for (var i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]);
        return values;
    }

    /// <summary>A vector of floating-point numbers of four bytes.</summary>
    public float[] Floats(int field)
    {
        var bytes = Vector(field, 4);
        var values = new float[bytes.Length / 4];
        for (var i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
        return values;
    }

    /// <summary>A vector of whole numbers of eight bytes.</summary>
    public long[] Longs(int field)
    {
        var bytes = Vector(field, 8);
        var values = new long[bytes.Length / 8];
        for (var i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]);
        return values;
    }

    /// <summary>A vector of tables.</summary>
    public List<FlatTable> Tables(int field)
    {
        var tables = new List<FlatTable>();
        if (Field(field) is not { } place)
            return tables;
        var start = file.Follow(place);
        var count = file.Int(start);
        if (count < 0 || count > file.Length / 4)
            throw file.Damaged();
        for (var i = 0; i < count; i++)
            tables.Add(new FlatTable(file, file.Follow(start + 4 + (4 * i))));
        return tables;
    }

    // Where a field lies: the table begins with the way back to its list of fields.
    private int? Field(int number)
    {
        var list = file.At((long)at - file.Int(at));
        var place = 4 + (2 * number);
        if (place + 2 > BinaryPrimitives.ReadUInt16LittleEndian(file.Bytes(list, 2)))
            return null;
        var offset = BinaryPrimitives.ReadUInt16LittleEndian(file.Bytes(list + place, 2));
        return offset == 0 ? null : file.At((long)at + offset);
    }
}

/// <summary>The bytes of a FlatBuffers file.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="bytes">Its content.</param>
internal sealed class FlatBuffer(string path, byte[] bytes)
{
    public int Length => bytes.Length;

    public ReadOnlySpan<byte> Bytes(int at, int count) =>
        at >= 0 && count >= 0 && at <= bytes.Length - count ? bytes.AsSpan(at, count) : throw Damaged();

    public int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(Bytes(at, 4));

    /// <summary>The place that an offset, counted from where it stands, leads to.</summary>
    public int Follow(int at) => At(at + (long)BinaryPrimitives.ReadUInt32LittleEndian(Bytes(at, 4)));

    public int At(long place) => place >= 0 && place < bytes.Length ? (int)place : throw Damaged();

    public CheckpointException Damaged() => new(path, "this TensorFlow Lite model is damaged or was cut short; copy or download it again.");
}
