using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// Products of int8 panels with rows of 16-bit integers (<see cref="RowQuantizer"/>), two inputs at a time. The sums of a group of
/// inputs are whole numbers, in any order the same, and below 2^31: 64 · 127 · 32767. Twice as many products come out of an
/// instruction as in float32.
/// </summary>
/// <typeparam name="TSimd">The instruction set.</typeparam>
/// <typeparam name="TVector">Its vector.</typeparam>
internal static unsafe class PairProduct<TSimd, TVector>
    where TSimd : struct, IPairSimd<TVector>
    where TVector : struct
{
    /// <summary>Bytes of the weights of two inputs.</summary>
    public const int PairBytes = 2 * Panel.BytesPerInput;

    // Vectors of a panel's 32 outputs: 2, 4 or 8.
    private static int VectorCount
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Panel.Width / TSimd.Count;
    }

    /// <summary>Multiplies one row.</summary>
    /// <param name="panel">The packed weights.</param>
    /// <param name="inputs">Inputs of the matrix.</param>
    /// <param name="x">The block's pairs of inputs, as 32-bit words: for every pair the rows side by side.</param>
    /// <param name="tile">Receives 32 outputs a row, without the rows' scales.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow(byte* panel, int inputs, float* x, float* tile)
    {
        new Span<float>(tile, Panel.Width).Clear();
        var pairs = (int*)x;
        while (inputs > 0)
        {
            var count = NextGroup(ref panel, ref inputs, out var scales);
            for (var part = 0; part < VectorCount; part += 2)
                One(panel, count, pairs, 1, part, scales, tile);
            panel += count * PairBytes;
            pairs += count;
        }
    }

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows(byte* panel, int inputs, float* x, float* tile)
    {
        new Span<float>(tile, 2 * Panel.Width).Clear();
        var pairs = (int*)x;
        while (inputs > 0)
        {
            var count = NextGroup(ref panel, ref inputs, out var scales);
            for (var part = 0; part < VectorCount; part += 2)
                Two(panel, count, pairs, 2, part, scales, tile);
            panel += count * PairBytes;
            pairs += 2 * count;
        }
    }

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourRows(byte* panel, int inputs, float* x, float* tile)
    {
        new Span<float>(tile, 4 * Panel.Width).Clear();
        var pairs = (int*)x;
        while (inputs > 0)
        {
            var count = NextGroup(ref panel, ref inputs, out var scales);
            for (var part = 0; part < VectorCount; part += 2)
                Four(panel, count, pairs, 4, part, scales, tile);
            panel += count * PairBytes;
            pairs += 4 * count;
        }
    }

    /// <inheritdoc cref="OneRow"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EightRows(byte* panel, int inputs, float* x, float* tile)
    {
        new Span<float>(tile, 8 * Panel.Width).Clear();
        var pairs = (int*)x;
        while (inputs > 0)
        {
            var count = NextGroup(ref panel, ref inputs, out var scales);
            if (VectorCount == 2)
            {
                Eight(panel, count, pairs, 8, 0, scales, tile);
            }
            else
            {
                // AVX2 has sixteen registers, which hold the sums of four rows and two vectors.
                for (var half = 0; half < 2; half++)
                {
                    for (var part = 0; part < VectorCount; part += 2)
                        Four(panel, count, pairs + (4 * half), 8, part, scales, tile + (4 * half * Panel.Width));
                }
            }
            panel += count * PairBytes;
            pairs += 8 * count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(byte* weights, int count, int* x, int step, int part, byte* scales, float* tile)
    {
        TVector a0 = default, b0 = default;
        for (var i = 0; i < count; i++, weights += PairBytes, x += step)
        {
            var w = TSimd.Weights(weights, part);
            var v = TSimd.Weights(weights, part + 1);
            var x0 = TSimd.Broadcast(x);
            a0 = TSimd.MultiplyAdd(w, x0, a0);
            b0 = TSimd.MultiplyAdd(v, x0, b0);
        }
        Finish(a0, b0, scales, part, tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two(byte* weights, int count, int* x, int step, int part, byte* scales, float* tile)
    {
        TVector a0 = default, b0 = default;
        TVector a1 = default, b1 = default;
        for (var i = 0; i < count; i++, weights += PairBytes, x += step)
        {
            var w = TSimd.Weights(weights, part);
            var v = TSimd.Weights(weights, part + 1);
            var x0 = TSimd.Broadcast(x);
            a0 = TSimd.MultiplyAdd(w, x0, a0);
            b0 = TSimd.MultiplyAdd(v, x0, b0);
            var x1 = TSimd.Broadcast(x + 1);
            a1 = TSimd.MultiplyAdd(w, x1, a1);
            b1 = TSimd.MultiplyAdd(v, x1, b1);
        }
        Finish(a0, b0, scales, part, tile);
        Finish(a1, b1, scales, part, tile + Panel.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(byte* weights, int count, int* x, int step, int part, byte* scales, float* tile)
    {
        TVector a0 = default, b0 = default;
        TVector a1 = default, b1 = default;
        TVector a2 = default, b2 = default;
        TVector a3 = default, b3 = default;
        for (var i = 0; i < count; i++, weights += PairBytes, x += step)
        {
            var w = TSimd.Weights(weights, part);
            var v = TSimd.Weights(weights, part + 1);
            var x0 = TSimd.Broadcast(x);
            a0 = TSimd.MultiplyAdd(w, x0, a0);
            b0 = TSimd.MultiplyAdd(v, x0, b0);
            var x1 = TSimd.Broadcast(x + 1);
            a1 = TSimd.MultiplyAdd(w, x1, a1);
            b1 = TSimd.MultiplyAdd(v, x1, b1);
            var x2 = TSimd.Broadcast(x + 2);
            a2 = TSimd.MultiplyAdd(w, x2, a2);
            b2 = TSimd.MultiplyAdd(v, x2, b2);
            var x3 = TSimd.Broadcast(x + 3);
            a3 = TSimd.MultiplyAdd(w, x3, a3);
            b3 = TSimd.MultiplyAdd(v, x3, b3);
        }
        Finish(a0, b0, scales, part, tile);
        Finish(a1, b1, scales, part, tile + Panel.Width);
        Finish(a2, b2, scales, part, tile + (2 * Panel.Width));
        Finish(a3, b3, scales, part, tile + (3 * Panel.Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(byte* weights, int count, int* x, int step, int part, byte* scales, float* tile)
    {
        TVector a0 = default, b0 = default;
        TVector a1 = default, b1 = default;
        TVector a2 = default, b2 = default;
        TVector a3 = default, b3 = default;
        TVector a4 = default, b4 = default;
        TVector a5 = default, b5 = default;
        TVector a6 = default, b6 = default;
        TVector a7 = default, b7 = default;
        for (var i = 0; i < count; i++, weights += PairBytes, x += step)
        {
            var w = TSimd.Weights(weights, part);
            var v = TSimd.Weights(weights, part + 1);
            var x0 = TSimd.Broadcast(x);
            a0 = TSimd.MultiplyAdd(w, x0, a0);
            b0 = TSimd.MultiplyAdd(v, x0, b0);
            var x1 = TSimd.Broadcast(x + 1);
            a1 = TSimd.MultiplyAdd(w, x1, a1);
            b1 = TSimd.MultiplyAdd(v, x1, b1);
            var x2 = TSimd.Broadcast(x + 2);
            a2 = TSimd.MultiplyAdd(w, x2, a2);
            b2 = TSimd.MultiplyAdd(v, x2, b2);
            var x3 = TSimd.Broadcast(x + 3);
            a3 = TSimd.MultiplyAdd(w, x3, a3);
            b3 = TSimd.MultiplyAdd(v, x3, b3);
            var x4 = TSimd.Broadcast(x + 4);
            a4 = TSimd.MultiplyAdd(w, x4, a4);
            b4 = TSimd.MultiplyAdd(v, x4, b4);
            var x5 = TSimd.Broadcast(x + 5);
            a5 = TSimd.MultiplyAdd(w, x5, a5);
            b5 = TSimd.MultiplyAdd(v, x5, b5);
            var x6 = TSimd.Broadcast(x + 6);
            a6 = TSimd.MultiplyAdd(w, x6, a6);
            b6 = TSimd.MultiplyAdd(v, x6, b6);
            var x7 = TSimd.Broadcast(x + 7);
            a7 = TSimd.MultiplyAdd(w, x7, a7);
            b7 = TSimd.MultiplyAdd(v, x7, b7);
        }
        Finish(a0, b0, scales, part, tile);
        Finish(a1, b1, scales, part, tile + Panel.Width);
        Finish(a2, b2, scales, part, tile + (2 * Panel.Width));
        Finish(a3, b3, scales, part, tile + (3 * Panel.Width));
        Finish(a4, b4, scales, part, tile + (4 * Panel.Width));
        Finish(a5, b5, scales, part, tile + (5 * Panel.Width));
        Finish(a6, b6, scales, part, tile + (6 * Panel.Width));
        Finish(a7, b7, scales, part, tile + (7 * Panel.Width));
    }

    /// <summary>Adds two vectors of sums, times their scales, to a row's outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish(TVector a, TVector b, byte* scales, int part, float* row)
    {
        TSimd.AddScaled(a, scales, part, row + (part * TSimd.Count));
        TSimd.AddScaled(b, scales, part + 1, row + ((part + 1) * TSimd.Count));
    }

    /// <summary>Steps to a group's weights.</summary>
    /// <returns>Its pairs of inputs; where their number is odd, the last pair ends in a weight of zero.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NextGroup(ref byte* panel, ref int inputs, out byte* scales)
    {
        scales = panel;
        panel += Panel.ScaleBytes;
        var count = Math.Min(inputs, Panel.GroupLength);
        inputs -= count;
        return (count + 1) / 2;
    }
}
