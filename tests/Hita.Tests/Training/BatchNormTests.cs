using Hita.Distributed;
using Hita.Layers;
using Hita.Runtime;
using Hita.Training.Discriminators;
using Hita.Training.Ranks;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

public sealed class BatchNormTests
{
    [Fact]
    public void By_sums_over_ranks_a_batch_is_normalised_as_the_framework_does()
    {
        using var scope = NewDisposeScope();
        // Drawn once: other tests use the same random numbers meanwhile.
        var (x, weights, slopes) = (randn(4, 5, 6, 7).Times(3).Plus(20), rand(5).Plus(0.5), randn(4, 5, 6, 7));
        var plain = Run(null, x, weights, slopes);
        var shared = Run(new RankExchange(ProcessGroup.Alone(), new DistributedOptions()), x, weights, slopes);
        Assert.Equal(plain.Keys, shared.Keys);
        foreach (var (name, values) in plain)
            Assert.All(values.Zip(shared[name]), p => Assert.True(Math.Abs(p.First - p.Second) <= 2e-5 * Math.Max(1, Math.Abs(p.First)), $"{name}: {p}"));
    }

    private static Dictionary<string, float[]> Run(RankExchange? exchange, Tensor inputs, Tensor weights, Tensor slopes)
    {
        using var norm = new BatchNorm(5, Placement.Cpu) { Ranks = exchange };
        using (no_grad())
        {
            foreach (var parameter in norm.parameters())
                parameter.copy_(weights);
        }
        var x = inputs.clone().requires_grad_(true);
        var y = norm.call(x);
        (y * slopes).sum().backward();
        var values = new Dictionary<string, float[]> { ["y"] = y.ToFloats(), ["x"] = x.grad!.ToFloats() };
        foreach (var (name, parameter) in norm.named_parameters())
            values[name] = parameter.grad!.ToFloats();
        foreach (var (name, buffer) in norm.named_buffers())
            values["running " + name] = buffer.to(ScalarType.Float32).ToFloats();
        return values;
    }
}
