using Hita.Runtime;
using Hita.Runtime.Products;
using Hita.Tests.Support;
using static TorchSharp.torch;

namespace Hita.Tests.Runtime;

/// <summary>Linear layers have the gradients that they should, whatever kernel is chosen or pinned.</summary>
[Collection(Alone.Name)]
public sealed class TrainedLinearTests
{
    // A sum of up to 1030 products of numbers below 1 stays below 64, where a rounding is at most 1.9e-6. As many of either sign come to
    // about the square root of their number, 6e-5; this is six times that.
    private const double Rounding = 4e-4;

    public static TheoryData<string, int, int, int, bool, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int, int, int, bool, int>();
            foreach (var kernel in (string[])["library", "convolution", "packed"])
            {
                foreach (var threads in (int[])[1, 3])
                {
                    cases.Add(kernel, 16, 512, 512, true, threads);
                    cases.Add(kernel, 37, 520, 530, false, threads);
                    cases.Add(kernel, 37, 1030, 257, true, threads);
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_and_gradients_are_those_of_float64_within_rounding(string kernel, int rows, int inputs, int outputs, bool hasBias, int threads)
    {
        var threadsBefore = get_num_threads();
        set_num_threads(threads);
        try
        {
            using var taken = LinearChoice.Take(Enum.Parse<LinearKernel>(kernel, ignoreCase: true));
            using var scope = NewDisposeScope();
            var exact = Run(rows, inputs, outputs, hasBias, ScalarType.Float64);
            var found = Run(rows, inputs, outputs, hasBias, ScalarType.Float32);
            Assert.Equal(hasBias ? 4 : 3, found.Count);
            foreach (var (expected, actual) in exact.Zip(found))
            {
                Assert.Equal(expected.shape, actual.shape);
                Assert.InRange(actual.to(ScalarType.Float64).Minus(expected).abs().max().ToDouble(), 0, Rounding);
            }
            // The same choice gives the same bits again.
            foreach (var (once, again) in found.Zip(Run(rows, inputs, outputs, hasBias, ScalarType.Float32)))
                Assert.Equal(once.ToFloats(), again.ToFloats());
        }
        finally
        {
            set_num_threads(threadsBefore);
        }
    }

    [Theory]
    [InlineData("library")]
    [InlineData("convolution")]
    [InlineData("packed")]
    public void Only_what_wants_gradients_gets_them(string kernel)
    {
        using var taken = LinearChoice.Take(Enum.Parse<LinearKernel>(kernel, ignoreCase: true));
        using var scope = NewDisposeScope();
        var (x, weight) = (Random(20 * 512, 1).view(20, 512), Random(512 * 512, 2).view(512, 512));
        var ofWeight = weight.detach().requires_grad_();
        LinearProduct.Apply(x, ofWeight, null, measured: false).sum().backward();
        Assert.Equal(x.select(1, 5).sum().ToDouble(), ofWeight.grad!.select(0, 7).select(0, 5).ToDouble(), 1e-4);
        var ofInputs = x.detach().requires_grad_();
        LinearProduct.Apply(ofInputs, weight, null, measured: false).sum().backward();
        Assert.Equal(weight.select(1, 5).sum().ToDouble(), ofInputs.grad!.select(0, 7).select(0, 5).ToDouble(), 1e-3);
        Assert.Null(weight.grad);
        Assert.False(LinearProduct.Apply(x, weight, null, measured: true).requires_grad);
    }

    // Output, and the gradients of inputs, weights and bias. The inputs are not contiguous, and so are the gradients that arrive.
    private static List<Tensor> Run(int rows, int inputs, int outputs, bool hasBias, ScalarType type)
    {
        var x = Random(2 * inputs * rows, 1).view(2, inputs, rows).to(type).requires_grad_();
        var weight = Random(outputs * inputs, 2).view(outputs, inputs).to(type).requires_grad_();
        var bias = hasBias ? Random(outputs, 3).to(type).requires_grad_() : null;
        var y = LinearProduct.Apply(x.transpose(1, 2), weight, bias, measured: false);
        autograd.backward([y], [Random(2 * outputs * rows, 4).view(2, outputs, rows).to(type).transpose(1, 2)]);
        List<Tensor> found = [y.detach(), x.grad!, weight.grad!];
        if (bias is not null)
            found.Add(bias.grad!);
        return found;
    }

    private static Tensor Random(int count, int seed)
    {
        var random = new Random(seed);
        return TensorOps.FromFloats([.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextDouble()) - 1))], count);
    }
}
