using Hita.Generation.Engine.Kernels;

namespace Hita.Tests.Generation.Engine;

/// <summary>Rows become the nearest whole numbers, in pairs, whatever the block.</summary>
public sealed unsafe class RowQuantizerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Each_value_is_rounded_to_a_multiple_of_its_rows_scale(int rows)
    {
        foreach (var inputs in (int[])[1, 2, 3, 8, 15, 16, 17, 64, 77])
        {
            var random = new Random(inputs);
            var x = new float[inputs * rows];
            for (var i = 0; i < x.Length; i++)
                x[i] = (float)(((2 * random.NextDouble()) - 1) * Math.Pow(10, (i % rows) - 3));
            var (pairs, scales) = Quantize(x, inputs, rows);
            for (var row = 0; row < rows; row++)
            {
                var values = Enumerable.Range(0, inputs).Select(i => x[(i * rows) + row]).ToArray();
                Assert.Equal(values.Max(static v => Math.Abs(v)) / 32767, scales[row]);
                var whole = Row(pairs, inputs, rows, row);
                Assert.Equal(32767, whole.Max(static v => Math.Abs(v)));
                for (var i = 0; i < inputs; i++)
                    Assert.Equal(values[i], whole[i] * scales[row], scales[row] * 0.51f);
                if (inputs % 2 == 1)
                    Assert.Equal(0, pairs[(inputs / 2 * rows) + row] >> 16);

                // The same alone.
                var (alone, scale) = Quantize(values, inputs, 1);
                Assert.Equal(scales[row], scale[0]);
                Assert.Equal(whole, Row(alone, inputs, 1, 0));
            }
        }
    }

    [Fact]
    public void Rows_of_nothing_stay_nothing()
    {
        foreach (var value in (float[])[0, 1e-38f, -1e-44f])
        {
            var (pairs, scales) = Quantize([.. Enumerable.Repeat(value, 40)], 20, 2);
            Assert.All(pairs, static p => Assert.Equal(0, p));
            Assert.Equal([0, 0], scales);
        }
    }

    [Fact]
    public void The_largest_sum_of_a_group_fits()
    {
        var panel = new byte[Panel.Bytes(PanelKind.Bytes, Panel.GroupLength) + 64];
        panel.AsSpan(Panel.ScaleBytes, Panel.GroupLength * Panel.BytesPerInput).Fill(127);
        // Scales of 1 in bfloat16.
        for (var i = 0; i < Panel.ScaleBytes; i += 2)
            (panel[i], panel[i + 1]) = (0x80, 0x3F);
        foreach (var kind in Enum.GetValues<EngineKernels>().Where(KernelSet.IsSupported))
        {
            var (pairs, scales) = Quantize([.. Enumerable.Repeat(-3f, Panel.GroupLength)], Panel.GroupLength, 1);
            var tile = new float[Panel.Width];
            fixed (byte* weights = panel)
            fixed (int* x = pairs)
            fixed (float* to = tile, scale = scales)
            {
                KernelSet.For(kind, PanelKind.Bytes).Multiply(weights, Panel.GroupLength, 1, (float*)x, to);
                Assert.All(tile, static sum => Assert.Equal(-64f * 127 * 32767, sum));
                RowQuantizer.Rescale(to, 1, scale, 1);
            }
            Assert.All(tile, static sum => Assert.Equal(-64f * 127 * 3, sum, 0.01f));
        }
    }

    private static int[] Row(int[] pairs, int inputs, int rows, int row) =>
        [.. Enumerable.Range(0, inputs).Select(i => (int)(short)(pairs[(i / 2 * rows) + row] >> (i % 2 * 16)))];

    private static (int[] Pairs, float[] Scales) Quantize(float[] x, int inputs, int rows)
    {
        var (pairs, scales) = (new int[(inputs + 1) / 2 * rows], new float[rows]);
        fixed (float* from = x, scale = scales)
        fixed (int* to = pairs)
            RowQuantizer.Quantize(from, inputs, rows, to, scale);
        return (pairs, scales);
    }
}
