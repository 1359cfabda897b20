using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hita.Runtime.Products;

/// <summary>The innermost loops of <see cref="PackedProduct"/>: as many sums as registers hold beside the weights of an input.</summary>
internal static unsafe class ProductKernels
{
    /// <summary>Rows of a block for vectors of 512 bits, of which there are 32.</summary>
    public const int WideRows = 12;

    /// <summary>Rows of a block for vectors of 256 bits, of which there are 16.</summary>
    public const int NarrowRows = 6;

    /// <summary>Twelve rows and 32 outputs, by AVX-512.</summary>
    /// <param name="weights">For every input two vectors of outputs.</param>
    /// <param name="x">For every input the rows side by side.</param>
    /// <param name="count">Inputs.</param>
    /// <param name="start">What the sums are added to.</param>
    /// <param name="startStride">From one row of it to the next.</param>
    /// <param name="y">Receives the results.</param>
    /// <param name="stride">From one row of them to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Wide(float* weights, float* x, int count, float* start, nint startStride, float* y, nint stride)
    {
        Vector512<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default, a3 = default, b3 = default, a4 = default, b4 = default, a5 = default, b5 = default;
        Vector512<float> a6 = default, b6 = default, a7 = default, b7 = default, a8 = default, b8 = default, a9 = default, b9 = default, a10 = default, b10 = default, a11 = default, b11 = default;
        for (var end = x + ((nint)count * WideRows); x < end; x += WideRows, weights += 32)
        {
            var w = Vector512.Load(weights);
            var v = Vector512.Load(weights + 16);
            var x0 = Vector512.Create(x[0]);
            a0 = Avx512F.FusedMultiplyAdd(w, x0, a0);
            b0 = Avx512F.FusedMultiplyAdd(v, x0, b0);
            var x1 = Vector512.Create(x[1]);
            a1 = Avx512F.FusedMultiplyAdd(w, x1, a1);
            b1 = Avx512F.FusedMultiplyAdd(v, x1, b1);
            var x2 = Vector512.Create(x[2]);
            a2 = Avx512F.FusedMultiplyAdd(w, x2, a2);
            b2 = Avx512F.FusedMultiplyAdd(v, x2, b2);
            var x3 = Vector512.Create(x[3]);
            a3 = Avx512F.FusedMultiplyAdd(w, x3, a3);
            b3 = Avx512F.FusedMultiplyAdd(v, x3, b3);
            var x4 = Vector512.Create(x[4]);
            a4 = Avx512F.FusedMultiplyAdd(w, x4, a4);
            b4 = Avx512F.FusedMultiplyAdd(v, x4, b4);
            var x5 = Vector512.Create(x[5]);
            a5 = Avx512F.FusedMultiplyAdd(w, x5, a5);
            b5 = Avx512F.FusedMultiplyAdd(v, x5, b5);
            var x6 = Vector512.Create(x[6]);
            a6 = Avx512F.FusedMultiplyAdd(w, x6, a6);
            b6 = Avx512F.FusedMultiplyAdd(v, x6, b6);
            var x7 = Vector512.Create(x[7]);
            a7 = Avx512F.FusedMultiplyAdd(w, x7, a7);
            b7 = Avx512F.FusedMultiplyAdd(v, x7, b7);
            var x8 = Vector512.Create(x[8]);
            a8 = Avx512F.FusedMultiplyAdd(w, x8, a8);
            b8 = Avx512F.FusedMultiplyAdd(v, x8, b8);
            var x9 = Vector512.Create(x[9]);
            a9 = Avx512F.FusedMultiplyAdd(w, x9, a9);
            b9 = Avx512F.FusedMultiplyAdd(v, x9, b9);
            var x10 = Vector512.Create(x[10]);
            a10 = Avx512F.FusedMultiplyAdd(w, x10, a10);
            b10 = Avx512F.FusedMultiplyAdd(v, x10, b10);
            var x11 = Vector512.Create(x[11]);
            a11 = Avx512F.FusedMultiplyAdd(w, x11, a11);
            b11 = Avx512F.FusedMultiplyAdd(v, x11, b11);
        }
        Put(a0, b0, start, y);
        Put(a1, b1, start + startStride, y + stride);
        Put(a2, b2, start + (2 * startStride), y + (2 * stride));
        Put(a3, b3, start + (3 * startStride), y + (3 * stride));
        Put(a4, b4, start + (4 * startStride), y + (4 * stride));
        Put(a5, b5, start + (5 * startStride), y + (5 * stride));
        Put(a6, b6, start + (6 * startStride), y + (6 * stride));
        Put(a7, b7, start + (7 * startStride), y + (7 * stride));
        Put(a8, b8, start + (8 * startStride), y + (8 * stride));
        Put(a9, b9, start + (9 * startStride), y + (9 * stride));
        Put(a10, b10, start + (10 * startStride), y + (10 * stride));
        Put(a11, b11, start + (11 * startStride), y + (11 * stride));
    }

    /// <summary>Six rows and 16 outputs, by AVX2.</summary>
    /// <inheritdoc cref="Wide"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(float* weights, float* x, int count, float* start, nint startStride, float* y, nint stride)
    {
        Vector256<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default, a3 = default, b3 = default, a4 = default, b4 = default, a5 = default, b5 = default;
        for (var end = x + ((nint)count * NarrowRows); x < end; x += NarrowRows, weights += 16)
        {
            var w = Vector256.Load(weights);
            var v = Vector256.Load(weights + 8);
            var x0 = Vector256.Create(x[0]);
            a0 = Fma.MultiplyAdd(w, x0, a0);
            b0 = Fma.MultiplyAdd(v, x0, b0);
            var x1 = Vector256.Create(x[1]);
            a1 = Fma.MultiplyAdd(w, x1, a1);
            b1 = Fma.MultiplyAdd(v, x1, b1);
            var x2 = Vector256.Create(x[2]);
            a2 = Fma.MultiplyAdd(w, x2, a2);
            b2 = Fma.MultiplyAdd(v, x2, b2);
            var x3 = Vector256.Create(x[3]);
            a3 = Fma.MultiplyAdd(w, x3, a3);
            b3 = Fma.MultiplyAdd(v, x3, b3);
            var x4 = Vector256.Create(x[4]);
            a4 = Fma.MultiplyAdd(w, x4, a4);
            b4 = Fma.MultiplyAdd(v, x4, b4);
            var x5 = Vector256.Create(x[5]);
            a5 = Fma.MultiplyAdd(w, x5, a5);
            b5 = Fma.MultiplyAdd(v, x5, b5);
        }
        Put(a0, b0, start, y);
        Put(a1, b1, start + startStride, y + stride);
        Put(a2, b2, start + (2 * startStride), y + (2 * stride));
        Put(a3, b3, start + (3 * startStride), y + (3 * stride));
        Put(a4, b4, start + (4 * startStride), y + (4 * stride));
        Put(a5, b5, start + (5 * startStride), y + (5 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> a, Vector512<float> b, float* start, float* y)
    {
        (a + Vector512.Load(start)).Store(y);
        (b + Vector512.Load(start + 16)).Store(y + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector256<float> a, Vector256<float> b, float* start, float* y)
    {
        (a + Vector256.Load(start)).Store(y);
        (b + Vector256.Load(start + 8)).Store(y + 8);
    }
}
