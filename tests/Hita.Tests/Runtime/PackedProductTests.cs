using Hita.Runtime;
using Hita.Runtime.Products;
using Hita.Tests.Support;
using static TorchSharp.torch;

namespace Hita.Tests.Runtime;

/// <summary>The packed product is a sum in a stated order; the other kernels of linear layers agree with it within rounding.</summary>
[Collection(Alone.Name)]
public sealed class PackedProductTests
{
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 2, 3, 5 }, { 5, 7, 33 }, { 6, 8, 16 }, { 7, 255, 17 }, { 11, 256, 31 }, { 12, 513, 32 }, { 12, 512, 48 }, { 13, 1024, 64 }, { 25, 1030, 65 }, { 40, 64, 100 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sums_take_their_inputs_in_order_by_fused_operations(int rows, int inputs, int outputs)
    {
        Assert.SkipUnless(PackedProduct.IsSupported, "the kernel needs AVX2");
        foreach (var threads in (int[])[1, 3])
        {
            foreach (var useWide in (bool[])[false, true])
            {
                foreach (var hasBias in (bool[])[false, true])
                    Check(rows, inputs, outputs, hasBias, threads, useWide);
            }
        }
    }

    [Theory]
    [InlineData("library")]
    [InlineData("convolution")]
    [InlineData("packed")]
    public void Kernels_agree_within_rounding_on_any_layout(string name)
    {
        Assert.SkipUnless(name != "packed" || PackedProduct.IsSupported, "the kernel needs AVX2");
        var kernel = Enum.Parse<LinearKernel>(name, ignoreCase: true);
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var x = Random(3 * 520 * 37, 1).view(3, 520, 37).transpose(1, 2); // [3, 37, 520], not contiguous
        var weight = Random(530 * 520, 2).view(530, 520);
        foreach (var bias in (Tensor?[])[null, Random(530, 3)])
        {
            var y = LinearProduct.Apply(kernel, x, weight, bias);
            var exact = nn.functional.linear(x.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias?.to(ScalarType.Float64));
            Assert.Equal([3L, 37L, 530L], y.shape);
            Assert.Equal(ScalarType.Float32, y.dtype);
            Assert.InRange(TensorOps.ToDouble(y.to(ScalarType.Float64).Minus(exact).abs().max()), 0, 2e-4);
        }
    }

    [Fact]
    public void Half_precision_agrees_between_kernels()
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var x = Random(20 * 512, 1).view(20, 512).to(ScalarType.BFloat16);
        var weight = Random(512 * 512, 2).view(512, 512).to(ScalarType.BFloat16);
        var exact = nn.functional.linear(x.to(ScalarType.Float32), weight.to(ScalarType.Float32));
        foreach (var kernel in (LinearKernel[])[LinearKernel.Library, LinearKernel.Convolution, LinearKernel.Packed])
        {
            var y = LinearProduct.Apply(kernel, x, weight, null);
            Assert.Equal(ScalarType.BFloat16, y.dtype);
            Assert.InRange(TensorOps.ToDouble(y.to(ScalarType.Float32).Minus(exact).abs().max()), 0, 0.2);
        }
    }

    private static unsafe void Check(int rows, int inputs, int outputs, bool hasBias, int threads, bool useWide)
    {
        var random = new Random(rows + inputs + outputs);
        float[] x = Values(random, rows * inputs), weight = Values(random, outputs * inputs), bias = Values(random, outputs);
        var y = new float[(rows * outputs) + 1];
        y[^1] = 7;
        var before = get_num_threads();
        set_num_threads(threads);
        try
        {
            fixed (float* from = x, w = weight, b = bias, to = y)
                PackedProduct.Multiply(from, w, hasBias ? b : null, to, rows, inputs, outputs, useWide);
        }
        finally
        {
            set_num_threads(before);
        }
        for (var row = 0; row < rows; row++)
        {
            for (var output = 0; output < outputs; output++)
            {
                var total = hasBias ? bias[output] : 0;
                for (var first = 0; first < inputs; first += PackedProduct.Stretch)
                {
                    var sum = 0f;
                    for (var i = first; i < Math.Min(first + PackedProduct.Stretch, inputs); i++)
                        sum = MathF.FusedMultiplyAdd(x[(row * inputs) + i], weight[(output * inputs) + i], sum);
                    total = sum + total;
                }
                Assert.Equal(total, y[(row * outputs) + output]);
            }
        }
        Assert.Equal(7, y[^1]);
    }

    private static float[] Values(Random random, int count)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
            value = (float)((2 * random.NextDouble()) - 1);
        return values;
    }

    private static Tensor Random(int count, int seed) => TensorOps.FromFloats(Values(new Random(seed), count), count);
}
