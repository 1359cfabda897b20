using Hita.Layers;
using Hita.Runtime;
using Hita.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Tests.Layers;

/// <summary>The kernel of the channels-last group norm is held to the tensor library's operations in float64.</summary>
[Collection(Alone.Name)]
public sealed class GroupNormTests
{
    public static TheoryData<int, int, int, int, int> Shapes => new()
    {
        { 1, 32, 32, 1, 3 }, { 3, 32, 32, 7, 5 }, { 3, 32, 8, 7, 5 }, { 2, 64, 32, 33, 20 }, { 2, 96, 32, 6, 5 }, { 5, 128, 32, 4, 4 }, { 2, 128, 1, 4, 4 }, { 1, 512, 32, 21, 21 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Values_and_gradients_are_those_of_the_tensor_library(int batch, int channels, int groups, int height, int width)
    {
        foreach (var swish in (bool[])[true, false])
        {
            using var scope = NewDisposeScope();
            using var norm = Filled(channels, groups);
            // An offset far from zero shows sums that cancel.
            var x = (randn(batch, height, width, channels).Times(3).Plus(20)).permute(0, 3, 1, 2).requires_grad_();
            var above = randn(batch, channels, height, width);
            var y = swish ? norm.Swish(x) : norm.call(x);
            Assert.True(Suits(x, norm));
            y.backward([above]);

            var (weight, bias) = (Exact(norm, "weight"), Exact(norm, "bias"));
            var exact = x.detach().to(ScalarType.Float64).requires_grad_();
            var expected = nn.functional.group_norm(exact, groups, weight, bias, GroupNorm.Eps);
            if (swish)
                expected = nn.functional.silu(expected);
            expected.backward([above.to(ScalarType.Float64)]);

            AssertNear(expected, y);
            AssertNear(exact.grad!, x.grad!);
            AssertNear(weight.grad!, Gradient(norm, "weight"));
            AssertNear(bias.grad!, Gradient(norm, "bias"));
        }
    }

    [Fact]
    public void Other_layouts_and_types_take_the_tensor_librarys_way_with_the_same_result()
    {
        using var scope = NewDisposeScope();
        using var norm = Filled(64);
        var x = randn(2, 64, 6, 9);
        Assert.False(Suits(x, norm));
        AssertNear(norm.Swish(x).to(ScalarType.Float64), norm.Swish(x.ToChannelsLast()));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Bfloat16_values_are_the_float32_ones_rounded_once(int batch, int channels, int groups, int height, int width)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        using var exact = Filled(channels, groups);
        using var half = Filled(channels, groups, Placement.Cpu with { Type = ScalarType.BFloat16 });
        foreach (var (name, parameter) in exact.named_parameters())
            parameter.copy_(half.get_parameter(name)!);
        var x = randn(batch, height, width, channels).Times(3).Plus(20).to(ScalarType.BFloat16).permute(0, 3, 1, 2);
        Assert.True(Suits(x, half));
        foreach (var swish in (bool[])[true, false])
        {
            var (wide, narrow) = swish ? (exact.Swish(x.to(ScalarType.Float32)), half.Swish(x)) : (exact.call(x.to(ScalarType.Float32)), half.call(x));
            Assert.Equal(ScalarType.BFloat16, narrow.dtype);
            Assert.Equal(wide.to(ScalarType.BFloat16).to(ScalarType.Float32).ToFloats(), narrow.to(ScalarType.Float32).ToFloats());
        }
    }

    [Fact]
    public void Bfloat16_with_gradients_is_left_to_the_tensor_library_and_what_is_no_number_stays_none()
    {
        using var scope = NewDisposeScope();
        using var half = Filled(32, 8, Placement.Cpu with { Type = ScalarType.BFloat16 });
        var x = randn(1, 4, 4, 32).to(ScalarType.BFloat16).permute(0, 3, 1, 2);
        Assert.False(Suits(x, half));
        half.get_parameter("weight")!.requires_grad_(false);
        Assert.False(Suits(x, half));
        using var frozen = no_grad();
        x[0, 3, 1, 1] = torch.tensor(float.NaN);
        var y = half.Swish(x).to(ScalarType.Float32).contiguous().ToFloats();
        // The group of channel 3 is lost, the others are not.
        Assert.All(y[..64], static v => Assert.True(float.IsNaN(v)));
        Assert.All(y[64..], static v => Assert.True(float.IsFinite(v)));
    }

    [Theory]
    [InlineData(5, 64)]
    [InlineData(1, 128)]
    [InlineData(2, 96)]
    public void The_number_of_threads_changes_no_bit(int batch, int channels)
    {
        using var scope = NewDisposeScope();
        using var norm = Filled(channels);
        var x = randn(batch, channels, 12, 12).ToChannelsLast();
        var before = get_num_threads();
        var results = new List<float[]>();
        try
        {
            foreach (var threads in (int[])[1, 2, 5])
            {
                set_num_threads(threads);
                var input = x.detach().requires_grad_();
                norm.zero_grad();
                var y = norm.Swish(input);
                y.backward([ones_like(y)]);
                results.Add([.. y.ToFloats(), .. input.grad!.ToFloats(), .. Gradient(norm, "weight").ToFloats()]);
            }
        }
        finally
        {
            set_num_threads(before);
        }
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Fact]
    public void Steps_leave_nothing_behind()
    {
        using var norm = Filled(32);
        var counts = new List<long>();
        for (var round = 0; round < 5; round++)
        {
            for (var step = 0; step < 10; step++)
            {
                using var scope = NewDisposeScope();
                var x = randn(2, 32, 8, 8).ToChannelsLast();
                norm.Swish(norm.Swish(x)).sum().backward();
                norm.zero_grad();
            }
            counts.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
        Assert.Equal(counts[1], counts[^1]);
    }

    private static GroupNorm Filled(int channels, int groups = 32, Placement? placement = null)
    {
        var norm = new GroupNorm(channels, groups, placement ?? Placement.Cpu);
        using var frozen = no_grad();
        manual_seed(channels);
        foreach (var (_, parameter) in norm.named_parameters())
            parameter.normal_(0.5, 1);
        return norm;
    }

    private static bool Suits(Tensor x, GroupNorm norm) => ChannelsLastGroupNorm.Suits(x, norm.get_parameter("weight")!, norm.get_parameter("bias")!);

    private static Tensor Exact(GroupNorm norm, string name) =>
        norm.get_parameter(name)!.detach().to(ScalarType.Float64).requires_grad_();

    private static Tensor Gradient(GroupNorm norm, string name) => norm.get_parameter(name)!.grad!;

    // A mean of 20 in float32 is off by up to 1e-6, and a spread of 3 values may be far below the 3 that were sampled.
    private static void AssertNear(Tensor expected, Tensor actual)
    {
        var difference = expected.Minus(actual.to(ScalarType.Float64)).norm();
        Assert.InRange(TensorOps.ToDouble(difference.Over(expected.norm())), 0, 5e-6);
    }
}
