using Hita.Bench;
using Hita.Generation;
using Hita.Generation.Sampling;
using Hita.Runtime;
using Hita.Tests.Generation.Engine;

namespace Hita.Tests.Bench;

/// <summary>How far fewer bits move the distribution that is sampled from: by-name weights, tokens sampled from float32.</summary>
/// <remarks>
/// By-name logits are nearly even over the codebook, so that the best token is a matter of the last bits: greedy agreement is
/// bounded here only to notice a loss, and judged with trained weights.
/// </remarks>
public sealed class PrecisionComparisonTests(ITestOutputHelper output)
{
    [Fact]
    public void Tiny_distributions_hardly_move()
    {
        var results = Compare("tiny", Enumerable.Range(0, 6), new SamplingOptions());
        AssertSmall(results[0], Precision.BFloat16, 5e-5, 0.95);
        AssertSmall(results[1], Precision.Int8, 3e-4, 0.93);
        Assert.True(results[0].MeanDivergence < results[1].MeanDivergence);
        Assert.All(results, static r => Assert.Equal(6 * 32, r.Steps));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Preset_b_distributions_hardly_move()
    {
        var results = Compare("hita-b", [0, 1], new SamplingOptions());
        AssertSmall(results[0], Precision.BFloat16, 1e-4, 0.95);
        AssertSmall(results[1], Precision.Int8, 1e-3, 0.9);
    }

    [Fact]
    public void Guidance_widens_the_difference_and_batches_do_not_matter()
    {
        var sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 4 } };
        var guided = Compare("tiny", [1, 2, 3], sampling);
        Assert.True(guided[1].MeanDivergence > 2 * Compare("tiny", [1, 2, 3], new SamplingOptions())[1].MeanDivergence);
        foreach (var (one, all) in Compare("tiny", [1, 2, 3], sampling, batchSize: 1).Zip(guided))
        {
            Assert.Equal(all.MeanDivergence, one.MeanDivergence, 1e-12);
            Assert.Equal(all.GreedyAgreement, one.GreedyAgreement);
        }
    }

    [Fact]
    public void Equal_generators_do_not_differ_and_different_architectures_are_refused()
    {
        using var exact = Generator("tiny", Precision.Float32);
        using var same = Generator("tiny", Precision.Float32);
        using var other = Generator("tiny-llamagen", Precision.Int8);
        var result = PrecisionComparison.Compare(exact, [same], new GenerationRequest { Classes = [1, 2] })[0];
        Assert.Equal(0, result.MeanDivergence);
        Assert.Equal(1, result.GreedyAgreement);
        Assert.Throws<HitaException>(() => PrecisionComparison.Compare(exact, [other], new GenerationRequest { Classes = [1] }));
    }

    [Fact]
    public void The_divergence_is_that_of_the_definition()
    {
        // p = (2/3, 1/3), q = (1/3, 2/3): KL = (2/3 − 1/3) ln 2.
        float[] p = [MathF.Log(2), 0, float.NegativeInfinity], q = [0, MathF.Log(2), float.NegativeInfinity];
        Assert.Equal(Math.Log(2) / 3, PrecisionComparison.Divergence(p, q), 1e-6);
        Assert.Equal(0, PrecisionComparison.Divergence(p, p));
        Assert.True(PrecisionComparison.Divergence(p, q, temperature: 0.5) > PrecisionComparison.Divergence(p, q));
        Assert.Throws<ArgumentException>(() => PrecisionComparison.Divergence(p, [0]));
    }

    private static ImageGenerator Generator(string preset, Precision precision) =>
        ImageGenerator.CreateByName(Decoding.Preset(preset), options: new GeneratorOptions { Precision = precision, Threads = 2 });

    private void AssertSmall(PrecisionDifference result, Precision precision, double divergence, double agreement)
    {
        output.WriteLine($"{result.Precision}: KL {result.MeanDivergence:e2}, at most {result.LargestDivergence:e2}, greedy agreement {result.GreedyAgreement:P1}");
        Assert.Equal(precision, result.Precision);
        Assert.InRange(result.MeanDivergence, 1e-9, divergence);
        Assert.InRange(result.LargestDivergence, result.MeanDivergence, 1);
        Assert.InRange(result.MeanDivergence, Math.Min(result.HolisticDivergence, result.PatchDivergence), Math.Max(result.HolisticDivergence, result.PatchDivergence));
        Assert.InRange(result.GreedyAgreement, agreement, 1);
    }

    private static IReadOnlyList<PrecisionDifference> Compare(string preset, IEnumerable<int> classes, SamplingOptions sampling, int batchSize = 8)
    {
        using var exact = Generator(preset, Precision.Float32);
        using var brain = Generator(preset, Precision.BFloat16);
        using var bytes = Generator(preset, Precision.Int8);
        var request = new GenerationRequest { Classes = [.. classes], Seed = 1, Sampling = sampling, BatchSize = batchSize };
        return PrecisionComparison.Compare(exact, [brain, bytes], request, cancellation: TestContext.Current.CancellationToken);
    }
}
