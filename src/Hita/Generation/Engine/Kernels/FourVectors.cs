using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>Products of four vectors of a panel's outputs with one to four rows, each sum in a register of its own.</summary>
/// <typeparam name="TSimd">The instruction set.</typeparam>
/// <typeparam name="TVector">Its vector.</typeparam>
/// <typeparam name="TWeights">How the weights are kept.</typeparam>
internal static unsafe class FourVectors<TSimd, TVector, TWeights>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWeights : struct, IPanelWeights<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OneRow(byte* weights, int count, float* x, int step, int first, float* tile)
    {
        TVector r0p0 = default, r0p1 = default, r0p2 = default, r0p3 = default;
        for (var i = 0; i < count; i++)
        {
            var w0 = TWeights.Part(weights, first);
            var w1 = TWeights.Part(weights, first + 1);
            var w2 = TWeights.Part(weights, first + 2);
            var w3 = TWeights.Part(weights, first + 3);
            var x0 = TSimd.Broadcast(x);
            r0p0 = TSimd.MultiplyAdd(w0, x0, r0p0);
            r0p1 = TSimd.MultiplyAdd(w1, x0, r0p1);
            r0p2 = TSimd.MultiplyAdd(w2, x0, r0p2);
            r0p3 = TSimd.MultiplyAdd(w3, x0, r0p3);
            weights += TWeights.StepBytes;
            x += step;
        }
        Sums.Store<TSimd, TVector>(r0p0, tile, 0, first);
        Sums.Store<TSimd, TVector>(r0p1, tile, 0, first + 1);
        Sums.Store<TSimd, TVector>(r0p2, tile, 0, first + 2);
        Sums.Store<TSimd, TVector>(r0p3, tile, 0, first + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TwoRows(byte* weights, int count, float* x, int step, int first, float* tile)
    {
        TVector r0p0 = default, r0p1 = default, r0p2 = default, r0p3 = default;
        TVector r1p0 = default, r1p1 = default, r1p2 = default, r1p3 = default;
        for (var i = 0; i < count; i++)
        {
            var w0 = TWeights.Part(weights, first);
            var w1 = TWeights.Part(weights, first + 1);
            var w2 = TWeights.Part(weights, first + 2);
            var w3 = TWeights.Part(weights, first + 3);
            var x0 = TSimd.Broadcast(x);
            r0p0 = TSimd.MultiplyAdd(w0, x0, r0p0);
            r0p1 = TSimd.MultiplyAdd(w1, x0, r0p1);
            r0p2 = TSimd.MultiplyAdd(w2, x0, r0p2);
            r0p3 = TSimd.MultiplyAdd(w3, x0, r0p3);
            var x1 = TSimd.Broadcast(x + 1);
            r1p0 = TSimd.MultiplyAdd(w0, x1, r1p0);
            r1p1 = TSimd.MultiplyAdd(w1, x1, r1p1);
            r1p2 = TSimd.MultiplyAdd(w2, x1, r1p2);
            r1p3 = TSimd.MultiplyAdd(w3, x1, r1p3);
            weights += TWeights.StepBytes;
            x += step;
        }
        Sums.Store<TSimd, TVector>(r0p0, tile, 0, first);
        Sums.Store<TSimd, TVector>(r0p1, tile, 0, first + 1);
        Sums.Store<TSimd, TVector>(r0p2, tile, 0, first + 2);
        Sums.Store<TSimd, TVector>(r0p3, tile, 0, first + 3);
        Sums.Store<TSimd, TVector>(r1p0, tile, 1, first);
        Sums.Store<TSimd, TVector>(r1p1, tile, 1, first + 1);
        Sums.Store<TSimd, TVector>(r1p2, tile, 1, first + 2);
        Sums.Store<TSimd, TVector>(r1p3, tile, 1, first + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FourRows(byte* weights, int count, float* x, int step, int first, float* tile)
    {
        TVector r0p0 = default, r0p1 = default, r0p2 = default, r0p3 = default;
        TVector r1p0 = default, r1p1 = default, r1p2 = default, r1p3 = default;
        TVector r2p0 = default, r2p1 = default, r2p2 = default, r2p3 = default;
        TVector r3p0 = default, r3p1 = default, r3p2 = default, r3p3 = default;
        for (var i = 0; i < count; i++)
        {
            var w0 = TWeights.Part(weights, first);
            var w1 = TWeights.Part(weights, first + 1);
            var w2 = TWeights.Part(weights, first + 2);
            var w3 = TWeights.Part(weights, first + 3);
            var x0 = TSimd.Broadcast(x);
            r0p0 = TSimd.MultiplyAdd(w0, x0, r0p0);
            r0p1 = TSimd.MultiplyAdd(w1, x0, r0p1);
            r0p2 = TSimd.MultiplyAdd(w2, x0, r0p2);
            r0p3 = TSimd.MultiplyAdd(w3, x0, r0p3);
            var x1 = TSimd.Broadcast(x + 1);
            r1p0 = TSimd.MultiplyAdd(w0, x1, r1p0);
            r1p1 = TSimd.MultiplyAdd(w1, x1, r1p1);
            r1p2 = TSimd.MultiplyAdd(w2, x1, r1p2);
            r1p3 = TSimd.MultiplyAdd(w3, x1, r1p3);
            var x2 = TSimd.Broadcast(x + 2);
            r2p0 = TSimd.MultiplyAdd(w0, x2, r2p0);
            r2p1 = TSimd.MultiplyAdd(w1, x2, r2p1);
            r2p2 = TSimd.MultiplyAdd(w2, x2, r2p2);
            r2p3 = TSimd.MultiplyAdd(w3, x2, r2p3);
            var x3 = TSimd.Broadcast(x + 3);
            r3p0 = TSimd.MultiplyAdd(w0, x3, r3p0);
            r3p1 = TSimd.MultiplyAdd(w1, x3, r3p1);
            r3p2 = TSimd.MultiplyAdd(w2, x3, r3p2);
            r3p3 = TSimd.MultiplyAdd(w3, x3, r3p3);
            weights += TWeights.StepBytes;
            x += step;
        }
        Sums.Store<TSimd, TVector>(r0p0, tile, 0, first);
        Sums.Store<TSimd, TVector>(r0p1, tile, 0, first + 1);
        Sums.Store<TSimd, TVector>(r0p2, tile, 0, first + 2);
        Sums.Store<TSimd, TVector>(r0p3, tile, 0, first + 3);
        Sums.Store<TSimd, TVector>(r1p0, tile, 1, first);
        Sums.Store<TSimd, TVector>(r1p1, tile, 1, first + 1);
        Sums.Store<TSimd, TVector>(r1p2, tile, 1, first + 2);
        Sums.Store<TSimd, TVector>(r1p3, tile, 1, first + 3);
        Sums.Store<TSimd, TVector>(r2p0, tile, 2, first);
        Sums.Store<TSimd, TVector>(r2p1, tile, 2, first + 1);
        Sums.Store<TSimd, TVector>(r2p2, tile, 2, first + 2);
        Sums.Store<TSimd, TVector>(r2p3, tile, 2, first + 3);
        Sums.Store<TSimd, TVector>(r3p0, tile, 3, first);
        Sums.Store<TSimd, TVector>(r3p1, tile, 3, first + 1);
        Sums.Store<TSimd, TVector>(r3p2, tile, 3, first + 2);
        Sums.Store<TSimd, TVector>(r3p3, tile, 3, first + 3);
    }
}
