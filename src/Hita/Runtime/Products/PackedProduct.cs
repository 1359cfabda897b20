using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace Hita.Runtime.Products;

/// <summary>
/// y = x Wᵀ + b for many rows. Rows and weights are brought into the order in which the kernel reads them, a part of the weights at
/// a time, so that nothing of them is kept.
/// </summary>
/// <remarks>
/// Every 512 inputs are summed one by one, each by a fused multiplication and addition, and these sums are added to the bias in
/// order: a row has the same bits whatever rows are beside it, with any number of threads and in both instruction sets.
/// </remarks>
internal static unsafe class PackedProduct
{
    /// <summary>Inputs that are summed, and whose weights are packed, at a time.</summary>
    public const int Stretch = 512;

    private const int Alignment = 64;

    /// <summary>Whether this processor has the instructions.</summary>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>Multiplies.</summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs]; null for none.</param>
    /// <param name="y">Receives [rows, outputs].</param>
    /// <param name="rows">Rows, 1 or more.</param>
    /// <param name="inputs">Inputs, 1 or more.</param>
    /// <param name="outputs">Outputs, 1 or more.</param>
    /// <param name="useWide">Whether vectors of 512 bits are taken where the processor runs them well; for tests.</param>
    public static void Multiply(float* x, float* weight, float* bias, float* y, int rows, int inputs, int outputs, bool useWide = true)
    {
        var shape = useWide && Avx512F.IsSupported && Vector512.IsHardwareAccelerated ? Shape.Wide : Shape.Narrow;
        var threads = get_num_threads();
        var work = new Work(shape, threads, x, weight, bias, y, rows, inputs, outputs);
        threads = Math.Clamp(threads, 1, work.Pieces);
        var packedRows = (nuint)((long)work.Blocks * shape.Rows * inputs);
        var panel = (nuint)(shape.Outputs * Math.Min(Stretch, inputs));
        var memory = (float*)NativeMemory.AlignedAlloc((packedRows + ((nuint)threads * panel)) * sizeof(float), Alignment);
        try
        {
            TorchThreads.Run(work.Blocks, block => work.PackRows(block, memory));
            var next = -1;
            TorchThreads.Run(threads, thread =>
            {
                var buffer = memory + packedRows + ((nuint)thread * panel);
                while (Interlocked.Increment(ref next) is var taken && taken < work.Pieces)
                    work.MultiplyPiece(taken, memory, buffer);
            });
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>What a kernel multiplies at once.</summary>
    /// <param name="Rows">Rows.</param>
    /// <param name="Outputs">Outputs: two vectors.</param>
    /// <param name="IsWide">Whether vectors have 512 bits, or 256.</param>
    private sealed record Shape(int Rows, int Outputs, bool IsWide)
    {
        public static readonly Shape Wide = new(ProductKernels.WideRows, 32, true);
        public static readonly Shape Narrow = new(ProductKernels.NarrowRows, 16, false);
    }

    private sealed class Work(Shape shape, int threads, float* x, float* weight, float* bias, float* y, int rows, int inputs, int outputs)
    {
        /// <summary>Blocks of rows.</summary>
        public int Blocks { get; } = (rows + shape.Rows - 1) / shape.Rows;

        /// <summary>What threads take in turn: panels of outputs, in runs of rows where there are many threads.</summary>
        public int Pieces => Panels * Runs;

        private int Panels { get; } = (outputs + shape.Outputs - 1) / shape.Outputs;

        private int Runs => Math.Clamp(2 * threads / Panels, 1, Blocks);

        /// <summary>Lays a block of rows side by side for one input after the other; missing ones are zeros.</summary>
        public void PackRows(int block, float* packed)
        {
            var first = block * shape.Rows;
            Interleave(x + ((long)first * inputs), Math.Min(shape.Rows, rows - first), shape.Rows, inputs, inputs, packed + ((long)first * inputs));
        }

        /// <summary>Multiplies the weights of some outputs with a run of rows.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void MultiplyPiece(int piece, float* packedRows, float* buffer)
        {
            var (panel, run) = Math.DivRem(piece, Runs);
            var first = panel * shape.Outputs;
            var count = Math.Min(shape.Outputs, outputs - first);
            var start = stackalloc float[32];
            new Span<float>(start, 32).Clear();
            if (bias != null)
                new ReadOnlySpan<float>(bias + first, count).CopyTo(new Span<float>(start, 32));
            var end = (int)((long)Blocks * (run + 1) / Runs);
            for (var from = 0; from < inputs; from += Stretch)
            {
                var length = Math.Min(Stretch, inputs - from);
                Interleave(weight + ((long)first * inputs) + from, count, shape.Outputs, inputs, length, buffer);
                for (var block = (int)((long)Blocks * run / Runs); block < end; block++)
                    MultiplyBlock(block, first, count, from, length, packedRows, buffer, start);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void MultiplyBlock(int block, int firstOutput, int outputCount, int from, int length, float* packedRows, float* panel, float* start)
        {
            var firstRow = block * shape.Rows;
            var rowCount = Math.Min(shape.Rows, rows - firstRow);
            var values = packedRows + ((long)firstRow * inputs) + ((long)from * shape.Rows);
            var target = y + ((long)firstRow * outputs) + firstOutput;
            if (rowCount == shape.Rows && outputCount == shape.Outputs)
            {
                Run(panel, values, length, from == 0 ? start : target, from == 0 ? 0 : outputs, target, outputs);
                return;
            }
            var tile = stackalloc float[ProductKernels.WideRows * 32];
            new Span<float>(tile, ProductKernels.WideRows * 32).Clear();
            for (var row = 0; row < rowCount && from > 0; row++)
                new ReadOnlySpan<float>(target + ((long)row * outputs), outputCount).CopyTo(new Span<float>(tile + (row * 32), 32));
            Run(panel, values, length, from == 0 ? start : tile, from == 0 ? 0 : 32, tile, 32);
            for (var row = 0; row < rowCount; row++)
                new ReadOnlySpan<float>(tile + (row * 32), outputCount).CopyTo(new Span<float>(target + ((long)row * outputs), outputCount));
        }

        private void Run(float* panel, float* values, int count, float* start, nint startStride, float* target, nint stride)
        {
            if (shape.IsWide)
                ProductKernels.Wide(panel, values, count, start, startStride, target, stride);
            else
                ProductKernels.Narrow(panel, values, count, start, startStride, target, stride);
        }
    }

    /// <summary>Transposes: [count, inputs] of some stride becomes [inputs, width], filled up with zeros.</summary>
    /// <remarks>Optimized from the first call on, like all loops here: what is measured first decides.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Interleave(float* from, int count, int width, int stride, int inputs, float* to)
    {
        if (count < width)
            new Span<float>(to, inputs * width).Clear();
        var whole = inputs / 4 * 4;
        var row = 0;
        for (; row + 4 <= count; row += 4)
        {
            float* r0 = from + ((long)row * stride), r1 = r0 + stride, r2 = r1 + stride, r3 = r2 + stride, at = to + row;
            for (var i = 0; i < whole; i += 4, at += 4 * width)
            {
                Vector128<float> a = Vector128.Load(r0 + i), b = Vector128.Load(r1 + i), c = Vector128.Load(r2 + i), d = Vector128.Load(r3 + i);
                Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), high = Sse.UnpackHigh(a, b), highest = Sse.UnpackHigh(c, d);
                Sse.MoveLowToHigh(ab, cd).Store(at);
                Sse.MoveHighToLow(cd, ab).Store(at + width);
                Sse.MoveLowToHigh(high, highest).Store(at + (2 * width));
                Sse.MoveHighToLow(highest, high).Store(at + (3 * width));
            }
            for (var i = whole; i < inputs; i++, at += width)
                (at[0], at[1], at[2], at[3]) = (r0[i], r1[i], r2[i], r3[i]);
        }
        for (; row < count; row++)
        {
            for (var i = 0; i < inputs; i++)
                to[((long)i * width) + row] = from[((long)row * stride) + i];
        }
    }
}
