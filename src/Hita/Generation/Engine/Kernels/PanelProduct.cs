using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// The product of a panel with a block of rows. Each sum runs over the inputs one by one (with scales, group by group), so that
/// it has the same bits in every instruction set that fuses multiplication and addition and in every block of rows.
/// </summary>
/// <typeparam name="TSimd">The instruction set.</typeparam>
/// <typeparam name="TVector">Its vector.</typeparam>
/// <typeparam name="TWeights">How the weights are kept.</typeparam>
internal static unsafe class PanelProduct<TSimd, TVector, TWeights>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWeights : struct, IPanelWeights<TVector>
{
    // Vectors of a panel's 32 outputs: 2, 4 or 8. Sums held in registers at once: with two 2 x 8, with four 4 x 2 or 2 x 4 (AVX2
    // has sixteen registers), with eight 4 x 4.
    private static int VectorCount
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Panel.Width / TSimd.Count;
    }

    /// <summary>Multiplies one row.</summary>
    /// <param name="panel">The packed weights.</param>
    /// <param name="inputs">Inputs of the matrix.</param>
    /// <param name="x">The block's activations: for every input the rows side by side.</param>
    /// <param name="tile">Receives 32 outputs a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow(byte* panel, int inputs, float* x, float* tile)
    {
        Start(tile, 1);
        while (inputs > 0)
        {
            var count = NextGroup(ref panel, ref inputs, out var scales);
            if (VectorCount == 2)
            {
                TwoVectors<TSimd, TVector, TWeights>.OneRow(panel, count, x, 1, 0, scales, tile);
            }
            else
            {
                FourVectors<TSimd, TVector, TWeights>.OneRow(panel, count, x, 1, 0, scales, tile);
                if (VectorCount == 8)
                    FourVectors<TSimd, TVector, TWeights>.OneRow(panel, count, x, 1, 4, scales, tile);
            }
            panel += (long)count * TWeights.StepBytes;
            x += count;
        }
    }

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows(byte* panel, int inputs, float* x, float* tile)
    {
        Start(tile, 2);
        while (inputs > 0)
        {
            var count = NextGroup(ref panel, ref inputs, out var scales);
            if (VectorCount == 2)
            {
                TwoVectors<TSimd, TVector, TWeights>.TwoRows(panel, count, x, 2, 0, scales, tile);
            }
            else
            {
                FourVectors<TSimd, TVector, TWeights>.TwoRows(panel, count, x, 2, 0, scales, tile);
                if (VectorCount == 8)
                    FourVectors<TSimd, TVector, TWeights>.TwoRows(panel, count, x, 2, 4, scales, tile);
            }
            panel += (long)count * TWeights.StepBytes;
            x += (long)count * 2;
        }
    }

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourRows(byte* panel, int inputs, float* x, float* tile)
    {
        Start(tile, 4);
        while (inputs > 0)
        {
            var count = NextGroup(ref panel, ref inputs, out var scales);
            FourRowsOfGroup(panel, count, x, 4, scales, tile);
            panel += (long)count * TWeights.StepBytes;
            x += (long)count * 4;
        }
    }

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EightRows(byte* panel, int inputs, float* x, float* tile)
    {
        Start(tile, 8);
        while (inputs > 0)
        {
            var count = NextGroup(ref panel, ref inputs, out var scales);
            if (VectorCount == 2)
            {
                TwoVectors<TSimd, TVector, TWeights>.EightRows(panel, count, x, 8, 0, scales, tile);
            }
            else
            {
                // A loop: written out, the second half would exceed what the compiler is willing to inline.
                for (var half = 0; half < 2; half++)
                    FourRowsOfGroup(panel, count, x + (4 * half), 8, scales, tile + (4 * half * Panel.Width));
            }
            panel += (long)count * TWeights.StepBytes;
            x += (long)count * 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRowsOfGroup(byte* panel, int count, float* x, int step, byte* scales, float* tile)
    {
        if (VectorCount == 8)
        {
            FourVectors<TSimd, TVector, TWeights>.FourRows(panel, count, x, step, 0, scales, tile);
            FourVectors<TSimd, TVector, TWeights>.FourRows(panel, count, x, step, 4, scales, tile);
        }
        else
        {
            TwoVectors<TSimd, TVector, TWeights>.FourRows(panel, count, x, step, 0, scales, tile);
            if (VectorCount == 4)
                TwoVectors<TSimd, TVector, TWeights>.FourRows(panel, count, x, step, 2, scales, tile);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start(float* tile, int rows)
    {
        if (TWeights.HasScales)
            new Span<float>(tile, rows * Panel.Width).Clear();
    }

    /// <summary>Steps to a group's weights; without scales, all inputs are one group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int NextGroup(ref byte* panel, ref int inputs, out byte* scales)
    {
        scales = panel;
        var count = inputs;
        if (TWeights.HasScales)
        {
            count = Math.Min(count, Panel.GroupLength);
            panel += Panel.ScaleBytes;
        }
        inputs -= count;
        return count;
    }
}
