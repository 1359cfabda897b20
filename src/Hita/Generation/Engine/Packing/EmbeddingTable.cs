using Hita.Generation.Engine.Kernels;
using Hita.Runtime;

namespace Hita.Generation.Engine.Packing;

/// <summary>Rows that are looked up: float32, or small floats where the matrices are kept in fewer bits too.</summary>
internal readonly unsafe struct EmbeddingTable
{
    private readonly byte* _data;
    private readonly bool _isFloat32;

    public EmbeddingTable(byte* data, Precision precision, int rows, int width)
    {
        _data = data;
        _isFloat32 = precision == Precision.Float32;
        Rows = rows;
        Width = width;
    }

    /// <summary>Entries of the table.</summary>
    public int Rows { get; }

    /// <summary>Values of an entry.</summary>
    public int Width { get; }

    /// <summary>Bytes of a table.</summary>
    public static long Bytes(Precision precision, int rows, int width) =>
        (precision == Precision.Float32 ? sizeof(float) : sizeof(ushort)) * (long)rows * width;

    /// <summary>Lays a table out.</summary>
    public static void Pack(ReadOnlySpan<float> values, Precision precision, byte* packed)
    {
        if (precision == Precision.Float32)
        {
            values.CopyTo(new Span<float>(packed, values.Length));
            return;
        }
        for (var i = 0; i < values.Length; i++)
            ((ushort*)packed)[i] = SmallFloat.Encode(values[i]);
    }

    /// <summary>Writes an entry to every <paramref name="step"/>-th place.</summary>
    public void Read(int row, float* destination, int step)
    {
        var start = row * (long)Width;
        for (var i = 0; i < Width; i++)
        {
            destination[i * (long)step] = _isFloat32
                ? ((float*)_data)[start + i]
                : SmallFloat.Decode(((ushort*)_data)[start + i]);
        }
    }
}
