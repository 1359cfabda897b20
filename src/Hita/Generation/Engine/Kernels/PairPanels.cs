using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>One or two rows times two int8 panels at once; every sum is the one that <see cref="PairProduct{TSimd, TVector}"/> gives.</summary>
/// <typeparam name="TSimd">The instruction set.</typeparam>
/// <typeparam name="TVector">Its vector.</typeparam>
internal static unsafe class PairPanels<TSimd, TVector>
    where TSimd : struct, IPairSimd<TVector>
    where TVector : struct
{
    private static int VectorCount
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Panel.Width / TSimd.Count;
    }

    /// <summary>Multiplies two panels with one row.</summary>
    /// <param name="a">The first panel.</param>
    /// <param name="b">The second panel.</param>
    /// <param name="inputs">Inputs of both.</param>
    /// <param name="x">The pairs of inputs, as 32-bit words.</param>
    /// <param name="tile">Receives the first panel's 32 outputs, then the second's, without the row's scale.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow(byte* a, byte* b, int inputs, float* x, float* tile)
    {
        new Span<float>(tile, 2 * Panel.Width).Clear();
        var pairs = (int*)x;
        while (inputs > 0)
        {
            var left = inputs;
            var count = PairProduct<TSimd, TVector>.NextGroup(ref a, ref left, out var scalesA);
            PairProduct<TSimd, TVector>.NextGroup(ref b, ref inputs, out var scalesB);
            for (var part = 0; part < VectorCount; part += 2)
                Both(a, b, count, pairs, part, scalesA, scalesB, tile);
            a += count * PairProduct<TSimd, TVector>.PairBytes;
            b += count * PairProduct<TSimd, TVector>.PairBytes;
            pairs += count;
        }
    }

    /// <summary>Multiplies two panels with two rows.</summary>
    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows(byte* a, byte* b, int inputs, float* x, float* tile)
    {
        new Span<float>(tile, 4 * Panel.Width).Clear();
        var pairs = (int*)x;
        while (inputs > 0)
        {
            var left = inputs;
            var count = PairProduct<TSimd, TVector>.NextGroup(ref a, ref left, out var scalesA);
            PairProduct<TSimd, TVector>.NextGroup(ref b, ref inputs, out var scalesB);
            for (var part = 0; part < VectorCount; part += 2)
                BothOfTwo(a, b, count, pairs, part, scalesA, scalesB, tile);
            a += count * PairProduct<TSimd, TVector>.PairBytes;
            b += count * PairProduct<TSimd, TVector>.PairBytes;
            pairs += 2 * count;
        }
    }

    // Both panels are read in step, so that memory is read in two streams.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Both(byte* a, byte* b, int count, int* x, int part, byte* scalesA, byte* scalesB, float* tile)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default;
        for (var i = 0; i < count; i++, a += PairProduct<TSimd, TVector>.PairBytes, b += PairProduct<TSimd, TVector>.PairBytes)
        {
            var x0 = TSimd.Broadcast(x + i);
            a0 = TSimd.MultiplyAdd(TSimd.Weights(a, part), x0, a0);
            a1 = TSimd.MultiplyAdd(TSimd.Weights(a, part + 1), x0, a1);
            b0 = TSimd.MultiplyAdd(TSimd.Weights(b, part), x0, b0);
            b1 = TSimd.MultiplyAdd(TSimd.Weights(b, part + 1), x0, b1);
        }
        PairProduct<TSimd, TVector>.Finish(a0, a1, scalesA, part, tile);
        PairProduct<TSimd, TVector>.Finish(b0, b1, scalesB, part, tile + Panel.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void BothOfTwo(byte* a, byte* b, int count, int* x, int part, byte* scalesA, byte* scalesB, float* tile)
    {
        TVector a00 = default, a01 = default, a10 = default, a11 = default;
        TVector b00 = default, b01 = default, b10 = default, b11 = default;
        for (var i = 0; i < count; i++, a += PairProduct<TSimd, TVector>.PairBytes, b += PairProduct<TSimd, TVector>.PairBytes, x += 2)
        {
            var x0 = TSimd.Broadcast(x);
            var x1 = TSimd.Broadcast(x + 1);
            var w = TSimd.Weights(a, part);
            a00 = TSimd.MultiplyAdd(w, x0, a00);
            a10 = TSimd.MultiplyAdd(w, x1, a10);
            w = TSimd.Weights(a, part + 1);
            a01 = TSimd.MultiplyAdd(w, x0, a01);
            a11 = TSimd.MultiplyAdd(w, x1, a11);
            w = TSimd.Weights(b, part);
            b00 = TSimd.MultiplyAdd(w, x0, b00);
            b10 = TSimd.MultiplyAdd(w, x1, b10);
            w = TSimd.Weights(b, part + 1);
            b01 = TSimd.MultiplyAdd(w, x0, b01);
            b11 = TSimd.MultiplyAdd(w, x1, b11);
        }
        PairProduct<TSimd, TVector>.Finish(a00, a01, scalesA, part, tile);
        PairProduct<TSimd, TVector>.Finish(a10, a11, scalesA, part, tile + Panel.Width);
        PairProduct<TSimd, TVector>.Finish(b00, b01, scalesB, part, tile + (2 * Panel.Width));
        PairProduct<TSimd, TVector>.Finish(b10, b11, scalesB, part, tile + (3 * Panel.Width));
    }
}
