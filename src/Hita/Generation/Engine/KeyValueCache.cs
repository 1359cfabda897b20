using System.Runtime.InteropServices;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Engine.Packing;

namespace Hita.Generation.Engine;

/// <summary>
/// The keys and values of a batch. Both are kept as panels, so that the kernels of the matrices serve attention too: keys as
/// matrices of 32 positions with the head's width as inputs, values as matrices of 32 values with the positions as inputs.
/// </summary>
internal sealed unsafe class KeyValueCache : IDisposable
{
    private readonly int _headWidth;
    private readonly int _heads;
    private readonly int _rows;
    private readonly int _elementBytes;
    private readonly long _keyBlockBytes;
    private readonly long _keyBytes;
    private readonly long _valuePanelBytes;
    private readonly long _headBytes;
    private byte* _data;

    /// <summary>Reserves room; memory is taken as positions are written.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="precision">Float32 or bfloat16.</param>
    /// <param name="rows">Sequences.</param>
    public KeyValueCache(GeneratorConfig config, EnginePrecision precision, int rows)
    {
        (_headWidth, _heads, _rows) = (config.HeadWidth, config.Heads, rows);
        _elementBytes = precision == EnginePrecision.Float32 ? sizeof(float) : sizeof(ushort);
        _keyBlockBytes = Panel.Bytes(precision, _headWidth);
        _keyBytes = Panel.Count(config.SequenceLength) * _keyBlockBytes;
        _valuePanelBytes = Panel.Bytes(precision, config.SequenceLength);
        _headBytes = _keyBytes + (Panel.Count(_headWidth) * _valuePanelBytes);
        var bytes = checked((nuint)_headBytes * (nuint)config.Heads * (nuint)rows * (nuint)config.Layers);
        _data = (byte*)NativeMemory.AlignedAlloc(bytes, 4096);
    }

    /// <summary>Bytes that a step reads at a position, for all rows and layers.</summary>
    public static long BytesPerStep(GeneratorConfig config, EnginePrecision precision, int rows, int position) =>
        (precision == EnginePrecision.Float32 ? 4L : 2) * 2 * config.Width * (position + 1) * rows * config.Layers;

    /// <summary>The keys of 32 positions: a panel whose inputs are the head's values.</summary>
    public byte* Keys(int layer, int row, int head, int block) => Head(layer, row, head) + (block * _keyBlockBytes);

    /// <summary>Thirty-two of the values' columns: a panel whose inputs are the positions.</summary>
    public byte* Values(int layer, int row, int head, int panel) =>
        Head(layer, row, head) + _keyBytes + (panel * _valuePanelBytes);

    /// <summary>The weights of a position within a panel of values.</summary>
    public byte* ValuesAt(byte* panel, int position) => panel + (position * (long)_elementBytes * Panel.Width);

    /// <summary>Writes the key and value of one position.</summary>
    public void Append(int layer, int row, int head, int position, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        var block = Keys(layer, row, head, position / Panel.Width);
        for (var i = 0; i < _headWidth; i++)
            Write(block + (i * (long)_elementBytes * Panel.Width), position % Panel.Width, key[i]);
        for (var i = 0; i < _headWidth; i++)
            Write(ValuesAt(Values(layer, row, head, i / Panel.Width), position), i % Panel.Width, value[i]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }

    private byte* Head(int layer, int row, int head) =>
        _data + (((((long)layer * _rows) + row) * _heads) + head) * _headBytes;

    /// <summary>Writes one of the 32 weights of an input.</summary>
    private void Write(byte* input, int output, float value)
    {
        const int Half = Panel.Width / 2;
        if (_elementBytes == sizeof(float))
            ((float*)input)[output] = value;
        else
            ((ushort*)input)[(output % Half * 2) + (output / Half)] = (ushort)MatrixPacker.ToBFloat16(value);
    }
}
