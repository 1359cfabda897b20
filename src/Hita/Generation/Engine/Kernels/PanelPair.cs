using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// One row times two panels at once. With one row a panel alone leaves the processor waiting for each sum; attention, whose
/// panels have few inputs, gains by twice as many sums. Only for weights without scales.
/// </summary>
/// <typeparam name="TSimd">The instruction set.</typeparam>
/// <typeparam name="TVector">Its vector.</typeparam>
/// <typeparam name="TWeights">How the weights are kept.</typeparam>
internal static unsafe class PanelPair<TSimd, TVector, TWeights>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWeights : struct, IPanelWeights<TVector>
{
    /// <summary>Multiplies.</summary>
    /// <param name="a">The first panel.</param>
    /// <param name="b">The second panel.</param>
    /// <param name="inputs">Inputs of both.</param>
    /// <param name="x">The row.</param>
    /// <param name="tile">Receives 64 outputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow(byte* a, byte* b, int inputs, float* x, float* tile)
    {
        switch (Panel.Width / TSimd.Count)
        {
            case 2:
                OfTwoVectors(a, b, inputs, x, tile);
                break;
            case 4:
                OfFourVectors(a, b, inputs, x, tile);
                break;
            default:
                PanelProduct<TSimd, TVector, TWeights>.OneRow(a, inputs, x, tile);
                PanelProduct<TSimd, TVector, TWeights>.OneRow(b, inputs, x, tile + Panel.Width);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OfTwoVectors(byte* a, byte* b, int inputs, float* x, float* tile)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default;
        for (var i = 0; i < inputs; i++)
        {
            var value = TSimd.Broadcast(x + i);
            a0 = TSimd.MultiplyAdd(TWeights.Part(a, 0), value, a0);
            a1 = TSimd.MultiplyAdd(TWeights.Part(a, 1), value, a1);
            b0 = TSimd.MultiplyAdd(TWeights.Part(b, 0), value, b0);
            b1 = TSimd.MultiplyAdd(TWeights.Part(b, 1), value, b1);
            a += TWeights.StepBytes;
            b += TWeights.StepBytes;
        }
        TSimd.Store(a0, tile);
        TSimd.Store(a1, tile + TSimd.Count);
        TSimd.Store(b0, tile + (2 * TSimd.Count));
        TSimd.Store(b1, tile + (3 * TSimd.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OfFourVectors(byte* a, byte* b, int inputs, float* x, float* tile)
    {
        TVector a0 = default, a1 = default, a2 = default, a3 = default;
        TVector b0 = default, b1 = default, b2 = default, b3 = default;
        for (var i = 0; i < inputs; i++)
        {
            var value = TSimd.Broadcast(x + i);
            a0 = TSimd.MultiplyAdd(TWeights.Part(a, 0), value, a0);
            a1 = TSimd.MultiplyAdd(TWeights.Part(a, 1), value, a1);
            a2 = TSimd.MultiplyAdd(TWeights.Part(a, 2), value, a2);
            a3 = TSimd.MultiplyAdd(TWeights.Part(a, 3), value, a3);
            b0 = TSimd.MultiplyAdd(TWeights.Part(b, 0), value, b0);
            b1 = TSimd.MultiplyAdd(TWeights.Part(b, 1), value, b1);
            b2 = TSimd.MultiplyAdd(TWeights.Part(b, 2), value, b2);
            b3 = TSimd.MultiplyAdd(TWeights.Part(b, 3), value, b3);
            a += TWeights.StepBytes;
            b += TWeights.StepBytes;
        }
        TSimd.Store(a0, tile);
        TSimd.Store(a1, tile + TSimd.Count);
        TSimd.Store(a2, tile + (2 * TSimd.Count));
        TSimd.Store(a3, tile + (3 * TSimd.Count));
        TSimd.Store(b0, tile + Panel.Width);
        TSimd.Store(b1, tile + Panel.Width + TSimd.Count);
        TSimd.Store(b2, tile + Panel.Width + (2 * TSimd.Count));
        TSimd.Store(b3, tile + Panel.Width + (3 * TSimd.Count));
    }
}
