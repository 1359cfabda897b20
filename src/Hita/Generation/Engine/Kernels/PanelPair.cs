using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// One or two rows times two panels at once. With so few rows a panel alone leaves the processor waiting for each sum; twice as
/// many sums keep it busy. Every sum is the one that a single product gives.
/// </summary>
/// <typeparam name="TSimd">The instruction set.</typeparam>
/// <typeparam name="TVector">Its vector.</typeparam>
/// <typeparam name="TWeights">How the weights are kept.</typeparam>
internal static unsafe class PanelPair<TSimd, TVector, TWeights>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWeights : struct, IPanelWeights<TVector>
{
    /// <summary>Multiplies one row.</summary>
    /// <param name="a">The first panel.</param>
    /// <param name="b">The second panel.</param>
    /// <param name="inputs">Inputs of both.</param>
    /// <param name="x">The block's activations: for every input the rows side by side.</param>
    /// <param name="tile">Receives the first panel's 32 outputs a row, then the second's.</param>
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

    /// <summary>Multiplies two rows.</summary>
    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows(byte* a, byte* b, int inputs, float* x, float* tile)
    {
        var second = tile + (2 * Panel.Width);
        if (Panel.Width / TSimd.Count != 2)
        {
            PanelProduct<TSimd, TVector, TWeights>.TwoRows(a, inputs, x, tile);
            PanelProduct<TSimd, TVector, TWeights>.TwoRows(b, inputs, x, second);
            return;
        }
        TVector a00 = default, a01 = default, a10 = default, a11 = default;
        TVector b00 = default, b01 = default, b10 = default, b11 = default;
        for (var i = 0; i < inputs; i++)
        {
            var x0 = TSimd.Broadcast(x);
            var x1 = TSimd.Broadcast(x + 1);
            var w = TWeights.Part(a, 0);
            a00 = TSimd.MultiplyAdd(w, x0, a00);
            a10 = TSimd.MultiplyAdd(w, x1, a10);
            w = TWeights.Part(a, 1);
            a01 = TSimd.MultiplyAdd(w, x0, a01);
            a11 = TSimd.MultiplyAdd(w, x1, a11);
            w = TWeights.Part(b, 0);
            b00 = TSimd.MultiplyAdd(w, x0, b00);
            b10 = TSimd.MultiplyAdd(w, x1, b10);
            w = TWeights.Part(b, 1);
            b01 = TSimd.MultiplyAdd(w, x0, b01);
            b11 = TSimd.MultiplyAdd(w, x1, b11);
            a += TWeights.StepBytes;
            b += TWeights.StepBytes;
            x += 2;
        }
        Sums.Store<TSimd, TVector>(a00, tile, 0, 0);
        Sums.Store<TSimd, TVector>(a01, tile, 0, 1);
        Sums.Store<TSimd, TVector>(a10, tile, 1, 0);
        Sums.Store<TSimd, TVector>(a11, tile, 1, 1);
        Sums.Store<TSimd, TVector>(b00, second, 0, 0);
        Sums.Store<TSimd, TVector>(b01, second, 0, 1);
        Sums.Store<TSimd, TVector>(b10, second, 1, 0);
        Sums.Store<TSimd, TVector>(b11, second, 1, 1);
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
        Sums.Store<TSimd, TVector>(a0, tile, 0, 0);
        Sums.Store<TSimd, TVector>(a1, tile, 0, 1);
        Sums.Store<TSimd, TVector>(b0, tile, 1, 0);
        Sums.Store<TSimd, TVector>(b1, tile, 1, 1);
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
