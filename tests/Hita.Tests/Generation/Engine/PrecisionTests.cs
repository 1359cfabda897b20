using Hita.Generation;
using Hita.Generation.Engine;
using Hita.Generation.Sampling;

namespace Hita.Tests.Generation.Engine;

/// <summary>How far fewer bits move the distribution that is sampled from: by-name weights, tokens drawn from float32.</summary>
/// <remarks>
/// By-name logits are nearly even over the codebook, so that the best token is a matter of the last bits: greedy agreement is
/// bounded here only to notice a loss, and judged with trained weights.
/// </remarks>
public sealed class PrecisionTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(EnginePrecision.BFloat16, 5e-5, 0.95)]
    [InlineData(EnginePrecision.Int8, 2e-4, 0.93)]
    public void Tiny_distributions_hardly_move(EnginePrecision precision, double divergence, double agreement) =>
        Compare("tiny", precision, divergence, agreement);

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(EnginePrecision.BFloat16, 1e-4, 0.95)]
    [InlineData(EnginePrecision.Int8, 1e-3, 0.9)]
    public void Preset_b_distributions_hardly_move(EnginePrecision precision, double divergence, double agreement) =>
        Compare("hita-b", precision, divergence, agreement);

    private void Compare(string preset, EnginePrecision precision, double mostDivergence, double leastAgreement)
    {
        const int Images = 2;
        var config = Decoding.Preset(preset);
        using var exact = Decoding.Engine(config, threads: 2);
        using var rounded = Decoding.Engine(config, precision, threads: 2);
        using var exactPass = exact.Begin(Images, BoundaryMode.Trained);
        using var roundedPass = rounded.Begin(Images, BoundaryMode.Trained);
        var size = config.CodebookSize;
        var (expected, actual) = (new float[Images * size], new float[Images * size]);
        var sampler = new TokenSampler(size);
        var inputs = Enumerable.Range(0, Images).ToArray();
        double divergence = 0, agreed = 0, count = 0;
        for (var position = 0; position < config.SequenceLength; position++)
        {
            exactPass.Advance(inputs, expected);
            roundedPass.Advance(inputs, actual);
            for (var image = 0; image < Images; image++)
            {
                var p = expected.AsSpan(image * size, size);
                var q = actual.AsSpan(image * size, size);
                divergence += Divergence(p, q);
                agreed += sampler.Sample(p, TokenSampling.Greedy, 0) == sampler.Sample(q, TokenSampling.Greedy, 0) ? 1 : 0;
                count++;
                inputs[image] = sampler.Sample(p, new TokenSampling(), new Philox4x32(1, (ulong)image).Uniform(position));
            }
        }
        output.WriteLine($"{preset} {precision}: KL {divergence / count:e2}, greedy agreement {agreed / count:P1}");
        Assert.InRange(divergence / count, 1e-9, mostDivergence);
        Assert.InRange(agreed / count, leastAgreement, 1);
    }

    /// <summary>KL(p ‖ q) of two softmax distributions.</summary>
    private static double Divergence(ReadOnlySpan<float> p, ReadOnlySpan<float> q)
    {
        var (shiftP, shiftQ) = (LogSumExp(p), LogSumExp(q));
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
            sum += Math.Exp(p[i] - shiftP) * (p[i] - shiftP - (q[i] - shiftQ));
        return sum;
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        var largest = float.NegativeInfinity;
        foreach (var value in logits)
            largest = Math.Max(largest, value);
        var sum = 0.0;
        foreach (var value in logits)
            sum += Math.Exp(value - largest);
        return largest + Math.Log(sum);
    }
}
