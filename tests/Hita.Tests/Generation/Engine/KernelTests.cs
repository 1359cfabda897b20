using System.Runtime.InteropServices;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Engine.Packing;
using Hita.Runtime;

namespace Hita.Tests.Generation.Engine;

/// <summary>Every instruction set that this processor runs, forced.</summary>
public sealed unsafe class KernelTests
{
    public static TheoryData<EngineKernels, string> Kinds { get; } = new(
        from kind in Enum.GetValues<EngineKernels>()
        where KernelSet.IsSupported(kind)
        from panels in Enum.GetValues<PanelKind>()
        select (kind, panels.ToString()));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_panel_times_rows_is_the_sum_of_products(EngineKernels kind, string panelsName)
    {
        var panels = Enum.Parse<PanelKind>(panelsName);
        var kernels = KernelSet.For(kind, panels);
        foreach (var inputs in (int[])[1, 3, 60, 128, 129, 400])
        {
            foreach (var outputs in (int[])[32, 5])
            {
                var (weights, kept, panel) = Pack(panels, outputs, inputs);
                foreach (var rows in (int[])[1, 2, 4, 8])
                {
                    var x = Values(rows * inputs, 7);
                    var tile = Multiply(kernels, panels, panel, inputs, rows, x);
                    for (var row = 0; row < rows; row++)
                    {
                        for (var output = 0; output < Panel.Width; output++)
                        {
                            double sum = 0, size = 0, rounding = 0;
                            for (var i = 0; output < outputs && i < inputs; i++)
                            {
                                var product = (double)kept[(output * inputs) + i] * x[(i * rows) + row];
                                sum += product;
                                size += Math.Abs(product);
                                // Activations beside int8 weights are rounded to 65534 steps of a row; the largest is below 1 here.
                                rounding += panels == PanelKind.Bytes ? Math.Abs(kept[(output * inputs) + i]) / 65534 : 0;
                            }
                            Assert.Equal(sum, tile[(row * Panel.Width) + output], 1e-7 + rounding + (3e-6 * size));
                        }
                    }
                }
                Assert.Equal(weights.Length, outputs * inputs);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Two_panels_at_once_give_the_bits_of_each_alone(EngineKernels kind, string panelsName)
    {
        var panels = Enum.Parse<PanelKind>(panelsName);
        var kernels = KernelSet.For(kind, panels);
        foreach (var inputs in (int[])[1, 60, 64, 129, 400])
        {
            var (first, second) = (Pack(panels, 32, inputs).Panel, Pack(panels, 7, inputs).Panel);
            foreach (var rows in (int[])[1, 2])
            {
                var x = Activations(panels, Values(rows * inputs, 7), inputs, rows).Values;
                var (single, pair) = (new float[2 * rows * Panel.Width], new float[2 * rows * Panel.Width]);
                fixed (byte* a = first, b = second)
                fixed (float* from = x, one = single, both = pair)
                {
                    kernels.Multiply(a, inputs, rows, from, one);
                    kernels.Multiply(b, inputs, rows, from, one + (rows * Panel.Width));
                    kernels.MultiplyPair(a, b, inputs, rows, from, both);
                }
                Decoding.AssertSame(single, pair);
            }
        }
    }

    [Theory]
    [InlineData(nameof(PanelKind.Full))]
    [InlineData(nameof(PanelKind.Brain))]
    [InlineData(nameof(PanelKind.Bytes))]
    [InlineData(nameof(PanelKind.Small))]
    public void A_row_has_the_same_bits_in_every_block_and_fused_instruction_set(string panelsName)
    {
        var panels = Enum.Parse<PanelKind>(panelsName);
        const int Inputs = 300;
        var (_, _, panel) = Pack(panels, Panel.Width, Inputs);
        var x = Values(8 * Inputs, 11);
        float[]? expected = null;
        foreach (var kind in (EngineKernels[])[EngineKernels.Neon, EngineKernels.Avx2, EngineKernels.Avx512])
        {
            if (!KernelSet.IsSupported(kind))
                continue;
            var kernels = KernelSet.For(kind, panels);
            expected ??= Multiply(kernels, panels, panel, Inputs, 8, x);
            Assert.Equal(expected, Multiply(kernels, panels, panel, Inputs, 8, x));
            foreach (var rows in (int[])[1, 2, 4])
            {
                for (var first = 0; first < 8; first += rows)
                {
                    var block = Enumerable.Range(0, Inputs).SelectMany(i => x.AsSpan((i * 8) + first, rows).ToArray()).ToArray();
                    Assert.Equal(
                        expected.AsSpan(first * Panel.Width, rows * Panel.Width).ToArray(),
                        Multiply(kernels, panels, panel, Inputs, rows, block));
                }
            }
        }
    }

    [Fact]
    public void Bfloat16_is_the_nearest_with_ties_to_even()
    {
        Assert.Equal(0x3F80u, MatrixPacker.ToBFloat16(1));
        Assert.Equal(0x3F80u, MatrixPacker.ToBFloat16(1 + (1 / 256f)));
        Assert.Equal(0x3F82u, MatrixPacker.ToBFloat16(1 + (3 / 256f)));
        Assert.Equal(0x3F81u, MatrixPacker.ToBFloat16(1 + (1.01f / 256f)));
        Assert.Equal(0xFF80u, MatrixPacker.ToBFloat16(float.NegativeInfinity));
        Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle(MatrixPacker.ToBFloat16(float.NaN) << 16)));
        Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle(MatrixPacker.ToBFloat16(BitConverter.UInt32BitsToSingle(0x7F800001)) << 16)));
    }

    [Fact]
    public void A_small_float_is_a_half_without_its_ends()
    {
        foreach (var value in (float[])[0, 1, -1, 1.5f, 65504, -65504, 100000, 6.1035156e-5f, 0.1f, -0.3333f, 1 + (1 / 2048f), 1 + (3 / 2048f)])
        {
            var expected = Math.Abs(value) > 65504 ? value : (float)(Half)value;
            Assert.Equal(expected, SmallFloat.Decode(SmallFloat.Encode(value)), Math.Abs(value) > 65504 ? 32f : 0f);
        }
        Assert.Equal(0, SmallFloat.Decode(SmallFloat.Encode(6e-5f)));
        Assert.Equal(0, SmallFloat.Decode(SmallFloat.Encode(1e-40f)));
        Assert.Equal(SmallFloat.Largest, SmallFloat.Decode(SmallFloat.Encode(1e30f)));
        Assert.Equal(-SmallFloat.Largest, SmallFloat.Decode(SmallFloat.Encode(float.NegativeInfinity)));
    }

    [Fact]
    public void Several_small_floats_are_encoded_like_each_of_them()
    {
        var random = new Random(3);
        foreach (var count in (int[])[1, 7, 8, 64, 77])
        {
            float[] values = [.. Enumerable.Range(0, count).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)))];
            (values[0], values[^1]) = (float.NaN, float.NegativeInfinity);
            var words = new uint[count];
            SmallFloat.Encode(values, words);
            Assert.Equal(values.Select(static v => (uint)SmallFloat.Encode(v)), words);
        }
    }

    [Fact]
    public void An_instruction_set_that_is_not_there_is_refused()
    {
        foreach (var kind in Enum.GetValues<EngineKernels>().Where(k => !KernelSet.IsSupported(k)))
            Assert.Contains(kind.ToString(), Assert.Throws<HitaException>(() => KernelSet.For(kind, PanelKind.Bytes)).Message, StringComparison.Ordinal);
        Assert.True(KernelSet.IsSupported(EngineKernels.Portable));
        Assert.NotEqual(EngineKernels.Auto, KernelSet.For(EngineKernels.Auto, PanelKind.Bytes).Kind);
    }

    /// <summary>Random weights, the same as the panels keep them, and packed.</summary>
    private static (float[] Weights, float[] Kept, byte[] Panel) Pack(PanelKind panels, int outputs, int inputs)
    {
        var weights = Values(outputs * inputs, 5);
        var kept = (float[])weights.Clone();
        if (panels == PanelKind.Brain)
            kept = [.. weights.Select(w => BitConverter.UInt32BitsToSingle(MatrixPacker.ToBFloat16(w) << 16))];
        if (panels == PanelKind.Small)
            kept = [.. weights.Select(w => SmallFloat.Decode(SmallFloat.Encode(w)))];
        for (var start = 0; panels == PanelKind.Bytes && start < kept.Length; start = NextGroup(start, inputs))
        {
            var group = kept.AsSpan(start, NextGroup(start, inputs) - start);
            var scale = 0f;
            foreach (var value in group)
                scale = Math.Max(scale, Math.Abs(value) / 127);
            // Bfloat16, rounded up.
            scale = BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(scale) + 0xFFFF) & 0xFFFF0000);
            foreach (ref var value in group)
                value = MathF.Round(value / scale) * scale;
        }
        // Room for the widest portable vectors, as a packed file has.
        var panel = new byte[Panel.Bytes(panels, inputs) + 64];
        fixed (byte* start = panel)
        {
            if (panels == PanelKind.Small)
                PackSmall(weights, outputs, inputs, (ushort*)start);
            else
                MatrixPacker.Pack(weights, panels, outputs, inputs, start);
        }
        return (weights, kept, panel);
    }

    private static void PackSmall(float[] weights, int outputs, int inputs, ushort* panel)
    {
        for (var output = 0; output < outputs; output++)
        {
            for (var i = 0; i < inputs; i++)
                panel[(i * Panel.Width) + (output % 16 * 2) + (output / 16)] = SmallFloat.Encode(weights[(output * inputs) + i]);
        }
    }

    private static int NextGroup(int start, int inputs)
    {
        var row = start / inputs;
        return Math.Min(start + Panel.GroupLength, (row + 1) * inputs);
    }

    /// <summary>What a kernel is given for activations, and what its results are to be multiplied by, a number a row.</summary>
    private static (float[] Values, float[] Scales) Activations(PanelKind panels, float[] x, int inputs, int rows)
    {
        var scales = new float[rows];
        if (panels != PanelKind.Bytes)
        {
            scales.AsSpan().Fill(panels == PanelKind.Small ? SmallFloat.Factor : 1);
            return (x, scales);
        }
        var pairs = new float[(inputs + 1) / 2 * rows];
        fixed (float* from = x, to = pairs, scale = scales)
            RowQuantizer.Quantize(from, inputs, rows, (int*)to, scale);
        return (pairs, scales);
    }

    private static float[] Multiply(KernelSet kernels, PanelKind panels, byte[] panel, int inputs, int rows, float[] x)
    {
        var tile = new float[rows * Panel.Width];
        tile.AsSpan().Fill(float.NaN);
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)panel.Length, 64);
        panel.CopyTo(new Span<byte>(memory, panel.Length));
        var (values, scales) = Activations(panels, x, inputs, rows);
        fixed (float* xStart = values, tileStart = tile)
            kernels.Multiply(memory, inputs, rows, xStart, tileStart);
        NativeMemory.AlignedFree(memory);
        return [.. tile.Select((value, i) => value * scales[i / Panel.Width])];
    }

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextDouble()) - 1))];
    }
}
