using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>Products of two vectors of a panel's outputs with one to eight rows, each sum in a register of its own.</summary>
/// <typeparam name="TSimd">The instruction set.</typeparam>
/// <typeparam name="TVector">Its vector.</typeparam>
/// <typeparam name="TWeights">How the weights are kept.</typeparam>
internal static unsafe class TwoVectors<TSimd, TVector, TWeights>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWeights : struct, IPanelWeights<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OneRow(byte* weights, int count, float* x, int step, int first, float* tile)
    {
        TVector r0p0 = default, r0p1 = default;
        for (var i = 0; i < count; i++)
        {
            var w0 = TWeights.Part(weights, first);
            var w1 = TWeights.Part(weights, first + 1);
            var x0 = TSimd.Broadcast(x);
            r0p0 = TSimd.MultiplyAdd(w0, x0, r0p0);
            r0p1 = TSimd.MultiplyAdd(w1, x0, r0p1);
            weights += TWeights.StepBytes;
            x += step;
        }
        Sums.Store<TSimd, TVector>(r0p0, tile, 0, first);
        Sums.Store<TSimd, TVector>(r0p1, tile, 0, first + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TwoRows(byte* weights, int count, float* x, int step, int first, float* tile)
    {
        TVector r0p0 = default, r0p1 = default;
        TVector r1p0 = default, r1p1 = default;
        for (var i = 0; i < count; i++)
        {
            var w0 = TWeights.Part(weights, first);
            var w1 = TWeights.Part(weights, first + 1);
            var x0 = TSimd.Broadcast(x);
            r0p0 = TSimd.MultiplyAdd(w0, x0, r0p0);
            r0p1 = TSimd.MultiplyAdd(w1, x0, r0p1);
            var x1 = TSimd.Broadcast(x + 1);
            r1p0 = TSimd.MultiplyAdd(w0, x1, r1p0);
            r1p1 = TSimd.MultiplyAdd(w1, x1, r1p1);
            weights += TWeights.StepBytes;
            x += step;
        }
        Sums.Store<TSimd, TVector>(r0p0, tile, 0, first);
        Sums.Store<TSimd, TVector>(r0p1, tile, 0, first + 1);
        Sums.Store<TSimd, TVector>(r1p0, tile, 1, first);
        Sums.Store<TSimd, TVector>(r1p1, tile, 1, first + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FourRows(byte* weights, int count, float* x, int step, int first, float* tile)
    {
        TVector r0p0 = default, r0p1 = default;
        TVector r1p0 = default, r1p1 = default;
        TVector r2p0 = default, r2p1 = default;
        TVector r3p0 = default, r3p1 = default;
        for (var i = 0; i < count; i++)
        {
            var w0 = TWeights.Part(weights, first);
            var w1 = TWeights.Part(weights, first + 1);
            var x0 = TSimd.Broadcast(x);
            r0p0 = TSimd.MultiplyAdd(w0, x0, r0p0);
            r0p1 = TSimd.MultiplyAdd(w1, x0, r0p1);
            var x1 = TSimd.Broadcast(x + 1);
            r1p0 = TSimd.MultiplyAdd(w0, x1, r1p0);
            r1p1 = TSimd.MultiplyAdd(w1, x1, r1p1);
            var x2 = TSimd.Broadcast(x + 2);
            r2p0 = TSimd.MultiplyAdd(w0, x2, r2p0);
            r2p1 = TSimd.MultiplyAdd(w1, x2, r2p1);
            var x3 = TSimd.Broadcast(x + 3);
            r3p0 = TSimd.MultiplyAdd(w0, x3, r3p0);
            r3p1 = TSimd.MultiplyAdd(w1, x3, r3p1);
            weights += TWeights.StepBytes;
            x += step;
        }
        Sums.Store<TSimd, TVector>(r0p0, tile, 0, first);
        Sums.Store<TSimd, TVector>(r0p1, tile, 0, first + 1);
        Sums.Store<TSimd, TVector>(r1p0, tile, 1, first);
        Sums.Store<TSimd, TVector>(r1p1, tile, 1, first + 1);
        Sums.Store<TSimd, TVector>(r2p0, tile, 2, first);
        Sums.Store<TSimd, TVector>(r2p1, tile, 2, first + 1);
        Sums.Store<TSimd, TVector>(r3p0, tile, 3, first);
        Sums.Store<TSimd, TVector>(r3p1, tile, 3, first + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EightRows(byte* weights, int count, float* x, int step, int first, float* tile)
    {
        TVector r0p0 = default, r0p1 = default;
        TVector r1p0 = default, r1p1 = default;
        TVector r2p0 = default, r2p1 = default;
        TVector r3p0 = default, r3p1 = default;
        TVector r4p0 = default, r4p1 = default;
        TVector r5p0 = default, r5p1 = default;
        TVector r6p0 = default, r6p1 = default;
        TVector r7p0 = default, r7p1 = default;
        for (var i = 0; i < count; i++)
        {
            var w0 = TWeights.Part(weights, first);
            var w1 = TWeights.Part(weights, first + 1);
            var x0 = TSimd.Broadcast(x);
            r0p0 = TSimd.MultiplyAdd(w0, x0, r0p0);
            r0p1 = TSimd.MultiplyAdd(w1, x0, r0p1);
            var x1 = TSimd.Broadcast(x + 1);
            r1p0 = TSimd.MultiplyAdd(w0, x1, r1p0);
            r1p1 = TSimd.MultiplyAdd(w1, x1, r1p1);
            var x2 = TSimd.Broadcast(x + 2);
            r2p0 = TSimd.MultiplyAdd(w0, x2, r2p0);
            r2p1 = TSimd.MultiplyAdd(w1, x2, r2p1);
            var x3 = TSimd.Broadcast(x + 3);
            r3p0 = TSimd.MultiplyAdd(w0, x3, r3p0);
            r3p1 = TSimd.MultiplyAdd(w1, x3, r3p1);
            var x4 = TSimd.Broadcast(x + 4);
            r4p0 = TSimd.MultiplyAdd(w0, x4, r4p0);
            r4p1 = TSimd.MultiplyAdd(w1, x4, r4p1);
            var x5 = TSimd.Broadcast(x + 5);
            r5p0 = TSimd.MultiplyAdd(w0, x5, r5p0);
            r5p1 = TSimd.MultiplyAdd(w1, x5, r5p1);
            var x6 = TSimd.Broadcast(x + 6);
            r6p0 = TSimd.MultiplyAdd(w0, x6, r6p0);
            r6p1 = TSimd.MultiplyAdd(w1, x6, r6p1);
            var x7 = TSimd.Broadcast(x + 7);
            r7p0 = TSimd.MultiplyAdd(w0, x7, r7p0);
            r7p1 = TSimd.MultiplyAdd(w1, x7, r7p1);
            weights += TWeights.StepBytes;
            x += step;
        }
        Sums.Store<TSimd, TVector>(r0p0, tile, 0, first);
        Sums.Store<TSimd, TVector>(r0p1, tile, 0, first + 1);
        Sums.Store<TSimd, TVector>(r1p0, tile, 1, first);
        Sums.Store<TSimd, TVector>(r1p1, tile, 1, first + 1);
        Sums.Store<TSimd, TVector>(r2p0, tile, 2, first);
        Sums.Store<TSimd, TVector>(r2p1, tile, 2, first + 1);
        Sums.Store<TSimd, TVector>(r3p0, tile, 3, first);
        Sums.Store<TSimd, TVector>(r3p1, tile, 3, first + 1);
        Sums.Store<TSimd, TVector>(r4p0, tile, 4, first);
        Sums.Store<TSimd, TVector>(r4p1, tile, 4, first + 1);
        Sums.Store<TSimd, TVector>(r5p0, tile, 5, first);
        Sums.Store<TSimd, TVector>(r5p1, tile, 5, first + 1);
        Sums.Store<TSimd, TVector>(r6p0, tile, 6, first);
        Sums.Store<TSimd, TVector>(r6p1, tile, 6, first + 1);
        Sums.Store<TSimd, TVector>(r7p0, tile, 7, first);
        Sums.Store<TSimd, TVector>(r7p1, tile, 7, first + 1);
    }
}
