using Hita.Evaluation.Protocols;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Metrics;
using Hita.Tokenization;
using static TorchSharp.torch;

namespace Hita.Tests.Evaluation.Protocols;

public sealed class ProtocolTests
{
    [Fact]
    public void Protocols_are_found_by_name_and_differ_in_what_they_are_for()
    {
        Assert.Equal(["published", "adm", "hita"], EvaluationProtocols.All.Select(static p => p.Name));
        foreach (var protocol in EvaluationProtocols.All)
        {
            Assert.Same(protocol, EvaluationProtocols.Find(protocol.Name));
            Assert.Same(protocol, protocol.Validate());
            Assert.EndsWith(".", protocol.Description, StringComparison.Ordinal);
        }
        Assert.Equal(2, EvaluationProtocols.Published.SsimRange);
        Assert.Equal(SampleResize.FloatBicubic, EvaluationProtocols.Published.Resize);
        Assert.Contains("published, adm, hita", Assert.Throws<HitaException>(() => EvaluationProtocols.Find("mine")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_of_a_protocol_are_listed()
    {
        var fault = Assert.Throws<ConfigException>(() => (EvaluationProtocols.Hita with { Size = -1, SampleCount = 1, SplitSize = 0, Neighbours = 0, SsimRange = double.NaN, Name = "" }).Validate());
        Assert.Equal(6, fault.Faults.Count);
    }

    [Fact]
    public void A_balanced_plan_has_each_class_equally_often_from_the_start()
    {
        var plan = LabelPlan.Create(EvaluationProtocols.Hita, 5000, 100);
        Assert.All(plan.CountBy(static c => c), static c => Assert.Equal(50, c.Value));
        Assert.Equal(100, plan[..100].Distinct().Count());
    }

    [Fact]
    public void A_random_plan_is_even_repeatable_and_the_start_of_a_longer_one()
    {
        var plan = LabelPlan.Create(EvaluationProtocols.Adm, 20_000, 10);
        Assert.Equal(plan[..500], LabelPlan.Create(EvaluationProtocols.Published, 500, 10));
        // 2000 of each with a deviation of 42.
        Assert.All(plan.CountBy(static c => c), static c => Assert.InRange(c.Value, 1800, 2200));
        Assert.NotEqual(plan, LabelPlan.Create(EvaluationProtocols.Adm with { LabelSeed = 1 }, 20_000, 10));
    }

    [Fact]
    public void Samples_are_ordered_as_the_protocol_says()
    {
        Assert.Null(LabelPlan.Places(EvaluationProtocols.Published, 10));
        var places = LabelPlan.Places(EvaluationProtocols.Adm, 1000)!;
        Assert.Equal(Enumerable.Range(0, 1000), places.Order());
        Assert.NotEqual(Enumerable.Range(0, 1000), places);
    }

    [Fact]
    public void The_published_way_of_resizing_shrinks_floats_without_antialiasing_and_the_other_way_8_bit_images_with()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var generator = NamedModel.OpenGenerator("tiny");
        var codes = generator.Generate(new GenerationRequest { Classes = [1] })[0];
        var full = tokenizer.Decode([codes])[0];
        Assert.Equal(64, full.Width);
        var antialiased = Decode(tokenizer, EvaluationProtocols.Adm with { Size = 32 }, codes);
        Assert.Equal(full.Resize(32, 32).Pixels.ToArray(), antialiased.Pixels.ToArray());
        var published = Decode(tokenizer, EvaluationProtocols.Published with { Size = 32 }, codes);
        Assert.Equal((32, 32), (published.Width, published.Height));
        Assert.NotEqual(antialiased.Pixels.ToArray(), published.Pixels.ToArray());
        // Where the size is the same nothing is resized.
        Assert.Equal(full.Pixels.ToArray(), Decode(tokenizer, EvaluationProtocols.Published with { Size = 64 }, codes).Pixels.ToArray());
        Assert.Equal(full.Pixels.ToArray(), Decode(tokenizer, EvaluationProtocols.Hita, codes).Pixels.ToArray());
    }

    private static Image Decode(ImageTokenizer tokenizer, EvaluationProtocol protocol, ImageCodes codes) => new SampleDecoder(tokenizer, protocol).Decode([codes])[0];

    [Fact]
    public void The_filter_that_does_not_widen_weighs_two_pixels_to_each_side()
    {
        using var scope = NewDisposeScope();
        var values = Samples.Normal(3 * 8 * 8, 4);
        var shrunk = SampleDecoder.Bicubic(TensorOps.FromFloats(values, 1, 3, 8, 8), 4).ToFloats();
        // Shrinking to the half samples at the middle of four pixels: with a = −¾ the cubic weights at ½ are −3/32 and 19/32.
        double[] weights = [-3 / 32.0, 19 / 32.0, 19 / 32.0, -3 / 32.0];
        for (var at = 0; at < shrunk.Length; at++)
        {
            var (channel, y, x) = (at / 16, at / 4 % 4, at % 4);
            var sum = 0.0;
            for (var i = 0; i < 16; i++)
                sum += weights[i / 4] * weights[i % 4] * values[(channel * 64) + (8 * Math.Clamp((2 * y) - 1 + (i / 4), 0, 7)) + Math.Clamp((2 * x) - 1 + (i % 4), 0, 7)];
            Assert.Equal(sum, shrunk[at], 1e-5);
        }
    }
}
