using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;
using Hita.Tests.Generation.Engine;

namespace Hita.Tests.Generation;

/// <summary>Sampling with known tokens, on both engines.</summary>
public sealed class CompletionTests
{
    private static readonly SamplingOptions Guided = new() { Guidance = new GuidanceOptions { Scale = 3 } };

    public static TheoryData<string, GeneratorEngine> Generators => new()
    {
        { "tiny", GeneratorEngine.Torch }, { "tiny", GeneratorEngine.Cpu }, { "tiny-llamagen", GeneratorEngine.Torch }, { "tiny-llamagen", GeneratorEngine.Cpu },
    };

    [Theory]
    [MemberData(nameof(Generators))]
    public void Completing_the_start_of_a_sampled_image_gives_that_image(string preset, GeneratorEngine engine)
    {
        using var generator = ByName(preset, engine);
        var image = generator.Generate(Request(3))[0];
        for (var kept = 0; kept <= 16; kept += 5)
        {
            var known = new PartialCodes(image.Holistic, [.. image.Patches.Select((c, i) => i < kept ? c : PartialCodes.Unknown)]);
            var completed = generator.Complete(Request(3), [known])[0];
            Assert.Equal(image.Holistic, completed.Codes.Holistic);
            Assert.Equal(image.Patches, completed.Codes.Patches);
            Assert.Equal(0, completed.ScoredCount);
        }
    }

    [Theory]
    [MemberData(nameof(Generators))]
    public void Known_codes_stay_and_their_likelihood_is_the_model_s_own(string preset, GeneratorEngine engine)
    {
        using var generator = ByName(preset, engine);
        var config = generator.Config;
        int[] tokens = [.. Enumerable.Range(0, config.SequenceLength).Select(static i => (i * 37) % 256)];
        var known = Split([.. tokens.Select(static (t, i) => i % 3 == 1 ? PartialCodes.Unknown : t)], config);
        var images = generator.Complete(Request(5, 5, 5), [known], score: true);
        Assert.NotEqual(images[0].Codes.Patches, images[1].Codes.Patches);

        foreach (var image in images)
        {
            int[] all = [.. image.Codes.Holistic, .. image.Codes.Patches];
            var (sum, count) = (0.0, 0);
            var logits = TeacherForced(config, [5, .. all]);
            for (var i = 0; i < all.Length; i++)
            {
                if (i % 3 == 1)
                    continue;
                Assert.Equal(tokens[i], all[i]);
                // What comes before the first sampled token cannot depend on it.
                if (i > 1)
                    (sum, count) = (sum + LogSoftmax(logits[i], all[i]), count + 1);
            }
            Assert.Equal(count, image.ScoredCount);
            Assert.Equal(sum, image.LogLikelihood, 1e-3);
        }
    }

    [Fact]
    public void A_completed_image_depends_on_its_number_and_not_on_its_neighbours_or_on_being_scored()
    {
        using var generator = ByName("tiny", GeneratorEngine.Cpu);
        var image = generator.Generate(Request(2))[0];
        var known = new PartialCodes(image.Holistic, [.. image.Patches.Select(static (c, i) => i is 5 or 6 or 9 ? PartialCodes.Unknown : c)]);
        var together = generator.Complete(Request(2, 2, 2, 2, 2) with { BatchSize = 5 }, [known], score: true);
        var inPairs = generator.Complete(Request(2, 2, 2, 2, 2) with { BatchSize = 2 }, [known]);
        var third = generator.Complete(Request(2) with { FirstImage = 2 }, [known])[0];
        for (var i = 0; i < 5; i++)
            Assert.Equal(together[i].Codes.Patches, inPairs[i].Codes.Patches);
        Assert.Equal(together[2].Codes.Patches, third.Codes.Patches);
        Assert.Equal(13 - 5, together[0].ScoredCount);
        Assert.Equal(0, inPairs[0].ScoredCount);
    }

    [Fact]
    public void Images_may_know_different_things_and_progress_ends_with_the_last_sampled_token()
    {
        using var generator = ByName("tiny", GeneratorEngine.Torch);
        var image = generator.Generate(Request(1))[0];
        var whole = new PartialCodes(image.Holistic, image.Patches);
        var open = new PartialCodes(image.Holistic, [.. image.Patches.Select(static (c, i) => i == 3 ? PartialCodes.Unknown : c)]);
        var reports = new List<GenerationProgress>();
        var completed = generator.Complete(Request(1, 1), [whole, open], progress: new Direct(reports.Add));
        Assert.Equal(image.Patches, completed[0].Codes.Patches);
        Assert.Equal(image.Patches.Where(static (_, i) => i != 3), completed[1].Codes.Patches.Where(static (_, i) => i != 3));
        // 16 holistic codes and the patches up to the one that is sampled.
        Assert.Equal(new GenerationProgress(2, 2, 40, 40), reports[^1]);
        // Where everything is known nothing is computed.
        Assert.Equal(image.Patches, generator.Complete(Request(1), [whole])[0].Codes.Patches);
    }

    [Fact]
    public void Known_codes_that_do_not_fit_are_refused_together()
    {
        using var generator = ByName("tiny", GeneratorEngine.Torch);
        var wrong = new PartialCodes([1, 2], [.. Enumerable.Repeat(999, 16)]);
        var error = Assert.Throws<ConfigException>(() => generator.Complete(Request(1, 2, 3), [wrong, wrong]));
        Assert.Contains("16", error.Message, StringComparison.Ordinal);
        Assert.Contains("code 999", error.Message, StringComparison.Ordinal);
        Assert.Contains("one for all", error.Message, StringComparison.Ordinal);
    }

    private static GenerationRequest Request(params int[] classes) => new() { Classes = classes, Seed = 7, Sampling = Guided };

    private static PartialCodes Split(int[] tokens, GeneratorConfig config) =>
        new(tokens[..config.HolisticTokenCount], tokens[config.HolisticTokenCount..]);

    private static float[][] TeacherForced(GeneratorConfig config, int[] inputs)
    {
        using var model = Decoding.Engine(config);
        return Decoding.TeacherForced(model, [inputs]);
    }

    private static double LogSoftmax(float[] logits, int token)
    {
        var best = logits.Max();
        return logits[token] - best - Math.Log(logits.Sum(l => Math.Exp(l - (double)best)));
    }

    private static ImageGenerator ByName(string preset, GeneratorEngine engine)
    {
        Assert.True(GeneratorPresets.TryGet(preset, out var config));
        return ImageGenerator.CreateByName(config, options: new GeneratorOptions { Engine = engine, Threads = 1 });
    }

    private sealed class Direct(Action<GenerationProgress> action) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => action(value);
    }
}
