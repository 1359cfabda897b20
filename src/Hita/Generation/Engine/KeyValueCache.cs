using System.Runtime.InteropServices;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Generation.Engine;

/// <summary>
/// The keys and values of a batch. Both are kept as panels, so that the kernels of the matrices serve attention too: keys as
/// matrices of 32 positions with the head's width as inputs, values as matrices of 32 values with the positions as inputs.
/// </summary>
internal sealed unsafe class KeyValueCache : IDisposable
{
    // Outputs of a panel in either half of its words.
    private const int Half = Panel.Width / 2;

    private readonly int _headWidth;
    private readonly int _heads;
    private readonly int _rows;
    private readonly bool _isFloat32;
    private readonly int _inputBytes;
    private readonly long _keyBytes;
    private readonly long _headBytes;
    private readonly nuint _bytes;
    private byte* _data;

    /// <summary>Reserves room; memory is taken as positions are written.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="kind">Full or small.</param>
    /// <param name="rows">Sequences.</param>
    public KeyValueCache(GeneratorConfig config, PanelKind kind, int rows)
    {
        (_headWidth, _heads, _rows) = (config.HeadWidth, config.Heads, rows);
        _isFloat32 = kind == PanelKind.Full;
        _inputBytes = Panel.Width * (_isFloat32 ? sizeof(float) : sizeof(ushort));
        KeyBlockBytes = Panel.Bytes(kind, _headWidth);
        _keyBytes = Panel.Count(config.SequenceLength) * KeyBlockBytes;
        ValuePanelBytes = Panel.Bytes(kind, config.SequenceLength);
        _headBytes = _keyBytes + (Panel.Count(_headWidth) * ValuePanelBytes);
        _bytes = checked((nuint)_headBytes * (nuint)config.Heads * (nuint)rows * (nuint)config.Layers);
        _data = HugePages.Allocate(_bytes);
    }

    /// <summary>Bytes from one block of keys to the next.</summary>
    public long KeyBlockBytes { get; }

    /// <summary>Bytes from one panel of values to the next.</summary>
    public long ValuePanelBytes { get; }

    /// <summary>Bytes that a step reads at a position, for all rows and layers.</summary>
    public static long BytesPerStep(GeneratorConfig config, PanelKind kind, int rows, int position) =>
        (kind == PanelKind.Full ? 4L : 2) * 2 * config.Width * (position + 1) * rows * config.Layers;

    /// <summary>The keys of 32 positions: a panel whose inputs are the head's values.</summary>
    public byte* Keys(int layer, int row, int head, int block) => Head(layer, row, head) + (block * KeyBlockBytes);

    /// <summary>Thirty-two of the values' columns: a panel whose inputs are the positions.</summary>
    public byte* Values(int layer, int row, int head, int panel) =>
        Head(layer, row, head) + _keyBytes + (panel * ValuePanelBytes);

    /// <summary>The weights of a position within a panel of values.</summary>
    public byte* ValuesAt(byte* panel, int position) => panel + ((long)position * _inputBytes);

    /// <summary>Writes the key and value of one position.</summary>
    public void Append(int layer, int row, int head, int position, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        var (block, column) = Math.DivRem(position, Panel.Width);
        var keys = Keys(layer, row, head, block);
        if (_isFloat32)
        {
            for (var i = 0; i < key.Length; i++)
                ((float*)(keys + ((long)i * _inputBytes)))[column] = key[i];
            for (var first = 0; first < value.Length; first += Panel.Width)
            {
                var part = value[first..Math.Min(first + Panel.Width, value.Length)];
                part.CopyTo(new Span<float>(ValuesAt(Values(layer, row, head, first / Panel.Width), position), part.Length));
            }
            return;
        }
        Span<uint> words = stackalloc uint[_headWidth];
        SmallFloat.Encode(key, words);
        for (var i = 0; i < words.Length; i++)
            ((ushort*)(keys + ((long)i * _inputBytes)))[(column % Half * 2) + (column / Half)] = (ushort)words[i];
        SmallFloat.Encode(value, words);
        for (var first = 0; first < words.Length; first += Panel.Width)
        {
            var part = words[first..Math.Min(first + Panel.Width, words.Length)];
            Write(part, (uint*)ValuesAt(Values(layer, row, head, first / Panel.Width), position));
        }
    }

    /// <summary>Makes every key and value zero, and has memory behind all of them.</summary>
    public void Clear() => NativeMemory.Clear(_data, _bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }

    private byte* Head(int layer, int row, int head) =>
        _data + (((((long)layer * _rows) + row) * _heads) + head) * _headBytes;

    /// <summary>Writes up to 32 values of a position, of which each word holds two that are half a panel apart; what is missing is zero.</summary>
    private static void Write(ReadOnlySpan<uint> values, uint* to)
    {
        for (var i = 0; i < Half; i++)
            to[i] = (i < values.Length ? values[i] : 0) | (i + Half < values.Length ? values[i + Half] << 16 : 0);
    }
}
