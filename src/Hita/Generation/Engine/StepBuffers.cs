using System.Runtime.InteropServices;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;

namespace Hita.Generation.Engine;

/// <summary>
/// The activations of one step. Those that enter a matrix are interleaved: rows come in blocks of 8, 4, 2 and 1, and a block
/// holds its rows side by side for one input after the other.
/// </summary>
internal sealed unsafe class StepBuffers : IDisposable
{
    private const int Alignment = 64;

    private readonly byte* _memory;
    private readonly float* _normalized;
    private readonly long _normalizedStride;
    private readonly float* _quantized;
    private readonly long _quantizedStride;
    private readonly long _scaleStride;
    private bool _disposed;

    /// <summary>Reserves the memory.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="rows">The most rows of a step.</param>
    /// <param name="members">Threads that take part.</param>
    /// <param name="quantizes">Whether rows are multiplied as whole numbers.</param>
    public StepBuffers(GeneratorConfig config, int rows, int members, bool quantizes)
    {
        var width = Padded((long)rows * config.Width);
        var hidden = Padded((long)rows * config.HiddenWidth);
        if (quantizes)
        {
            _quantizedStride = Padded(rows * (Math.Max(config.Width, config.HiddenWidth) + 1L) / 2);
            _scaleStride = Padded(rows);
        }
        var total = (2 * width) + Padded(3L * rows * config.Width) + hidden + (members * (width + _quantizedStride + _scaleStride));
        _memory = (byte*)NativeMemory.AlignedAlloc(checked((nuint)total * sizeof(float)), Alignment);
        new Span<byte>(_memory, Alignment).Clear();
        Residual = (float*)_memory;
        Attended = Residual + width;
        QueryKeyValue = Attended + width;
        Hidden = QueryKeyValue + Padded(3L * rows * config.Width);
        _normalized = Hidden + hidden;
        _normalizedStride = width;
        _quantized = _normalized + (members * width);
    }

    /// <summary>The residual stream, interleaved.</summary>
    public float* Residual { get; }

    /// <summary>The heads' outputs, interleaved.</summary>
    public float* Attended { get; }

    /// <summary>[rows, 3, width].</summary>
    public float* QueryKeyValue { get; }

    /// <summary>SwiGLU's hidden values, interleaved.</summary>
    public float* Hidden { get; }

    /// <summary>A thread's own normalised copy of the residual stream: cheaper to make again than to wait for.</summary>
    public float* Normalized(int member) => _normalized + (member * _normalizedStride);

    /// <summary>A thread's rows as whole numbers, and null where they are not multiplied so.</summary>
    public int* Quantized(int member) => _quantizedStride > 0 ? (int*)(_quantized + (member * (_quantizedStride + _scaleStride))) : null;

    /// <summary>What a thread's rows are multiples of, and null where there are none.</summary>
    public float* Scales(int member) => _quantizedStride > 0 ? (float*)Quantized(member) + _quantizedStride : null;

    /// <summary>The block that a row lies in.</summary>
    /// <param name="row">The row.</param>
    /// <param name="rows">Rows of the step.</param>
    /// <returns>The block's first row and its number of rows.</returns>
    public static (int First, int Count) BlockOf(int row, int rows)
    {
        var first = 0;
        while (true)
        {
            var count = Panel.BlockRows(rows - first);
            if (row < first + count)
                return (first, count);
            first += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
            NativeMemory.AlignedFree(_memory);
        _disposed = true;
    }

    private static long Padded(long floats) => (floats + 15) / 16 * 16;
}
