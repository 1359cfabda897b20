using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// The product of a panel with a block of rows. Each sum runs over the inputs one by one, so that it has the same bits in every
/// instruction set that fuses multiplication and addition and in every block of rows.
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
        if (VectorCount == 2)
        {
            TwoVectors<TSimd, TVector, TWeights>.OneRow(panel, inputs, x, 1, 0, tile);
            return;
        }
        FourVectors<TSimd, TVector, TWeights>.OneRow(panel, inputs, x, 1, 0, tile);
        if (VectorCount == 8)
            FourVectors<TSimd, TVector, TWeights>.OneRow(panel, inputs, x, 1, 4, tile);
    }

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows(byte* panel, int inputs, float* x, float* tile)
    {
        if (VectorCount == 2)
        {
            TwoVectors<TSimd, TVector, TWeights>.TwoRows(panel, inputs, x, 2, 0, tile);
            return;
        }
        FourVectors<TSimd, TVector, TWeights>.TwoRows(panel, inputs, x, 2, 0, tile);
        if (VectorCount == 8)
            FourVectors<TSimd, TVector, TWeights>.TwoRows(panel, inputs, x, 2, 4, tile);
    }

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourRows(byte* panel, int inputs, float* x, float* tile) => FourRows(panel, inputs, x, 4, tile);

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EightRows(byte* panel, int inputs, float* x, float* tile)
    {
        if (VectorCount == 2)
        {
            TwoVectors<TSimd, TVector, TWeights>.EightRows(panel, inputs, x, 8, 0, tile);
            return;
        }
        // A loop: written out, the second half would exceed what the compiler is willing to inline.
        for (var half = 0; half < 2; half++)
            FourRows(panel, inputs, x + (4 * half), 8, tile + (4 * half * Panel.Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRows(byte* panel, int inputs, float* x, int step, float* tile)
    {
        if (VectorCount == 8)
        {
            FourVectors<TSimd, TVector, TWeights>.FourRows(panel, inputs, x, step, 0, tile);
            FourVectors<TSimd, TVector, TWeights>.FourRows(panel, inputs, x, step, 4, tile);
        }
        else
        {
            TwoVectors<TSimd, TVector, TWeights>.FourRows(panel, inputs, x, step, 0, tile);
            if (VectorCount == 4)
                TwoVectors<TSimd, TVector, TWeights>.FourRows(panel, inputs, x, step, 2, tile);
        }
    }
}
