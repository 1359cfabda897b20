using Hita.Generation.Engine.Kernels;
using Hita.Generation.Engine.Packing;

namespace Hita.Generation.Engine;

/// <summary>
/// One thread's products of panels with the rows of a step: as they are, or, where weights are int8, as whole numbers
/// (<see cref="RowQuantizer"/>), which each thread makes for itself: cheaper than to wait for another.
/// </summary>
internal sealed unsafe class MatrixRows
{
    private readonly KernelSet _kernels;
    private readonly int* _pairs;
    private readonly float* _scales;
    private float* _x;
    private long _stride;

    /// <param name="kernels">The kernels for the weights.</param>
    /// <param name="quantized">Room for the rows as whole numbers; null where weights are not int8.</param>
    /// <param name="scales">Room for a scale a row; null likewise.</param>
    public MatrixRows(KernelSet kernels, int* quantized, float* scales)
    {
        _kernels = kernels;
        _pairs = quantized;
        _scales = scales;
    }

    /// <summary>Takes the rows that the next products are with.</summary>
    /// <param name="x">The activations, in blocks of 8, 4, 2 and 1 rows.</param>
    /// <param name="inputs">Inputs of a row.</param>
    /// <param name="rows">Rows.</param>
    public void Take(float* x, int inputs, int rows)
    {
        _x = x;
        _stride = inputs;
        if (_pairs == null)
            return;
        _x = (float*)_pairs;
        _stride = (inputs + 1) / 2;
        for (int first = 0, count; first < rows; first += count)
        {
            count = Panel.BlockRows(rows - first);
            RowQuantizer.Quantize(x + ((long)first * inputs), inputs, count, _pairs + (first * _stride), _scales + first);
        }
    }

    /// <summary>Multiplies a panel with a block of the rows.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="panel">Which of its panels.</param>
    /// <param name="first">The block's first row.</param>
    /// <param name="count">Its rows.</param>
    /// <param name="tile">Receives 32 outputs a row.</param>
    public void Multiply(PackedMatrix matrix, int panel, int first, int count, float* tile)
    {
        _kernels.Multiply(matrix.PanelAt(panel), matrix.Inputs, count, _x + (first * _stride), tile);
        Rescale(tile, count, first, count);
    }

    /// <summary>Multiplies two panels with a block of one or two rows.</summary>
    /// <param name="a">The first panel.</param>
    /// <param name="b">The second panel.</param>
    /// <param name="inputs">Inputs of both.</param>
    /// <param name="first">The block's first row.</param>
    /// <param name="count">Its rows.</param>
    /// <param name="tile">Receives the first panel's outputs, then the second's.</param>
    public void MultiplyPair(byte* a, byte* b, int inputs, int first, int count, float* tile)
    {
        _kernels.MultiplyPair(a, b, inputs, count, _x + (first * _stride), tile);
        Rescale(tile, 2 * count, first, count);
    }

    private void Rescale(float* tile, int tileRows, int first, int rows)
    {
        if (_pairs != null)
            RowQuantizer.Rescale(tile, tileRows, _scales + first, rows);
    }
}
