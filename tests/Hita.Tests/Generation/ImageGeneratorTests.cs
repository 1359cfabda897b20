using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Tests.Generation;

public sealed class ImageGeneratorTests
{
    private static readonly SamplingOptions Guided = new() { Guidance = new GuidanceOptions { Scale = 3 } };

    [Theory]
    [InlineData("tiny")]
    [InlineData("tiny-llamagen")]
    public void An_image_depends_on_its_number_and_seed_and_not_on_its_neighbours(string preset)
    {
        using var generator = ByName(preset);
        var together = generator.Generate(Request([1, 2, 3, 4, 5]) with { BatchSize = 5 });
        var inPairs = generator.Generate(Request([1, 2, 3, 4, 5]) with { BatchSize = 2 });
        var third = generator.Generate(Request([3]) with { FirstImage = 2 })[0];
        for (var i = 0; i < 5; i++)
            AssertSame(together[i], inPairs[i]);
        AssertSame(together[2], third);
        Assert.NotEqual(together[2].Patches, generator.Generate(Request([3]) with { FirstImage = 2, Seed = 8 })[0].Patches);
    }

    [Fact]
    public void Guidance_that_ends_agrees_with_full_guidance_up_to_its_end()
    {
        using var generator = ByName("tiny");
        var full = Tokens(generator.Generate(Request([1, 2]))[1]);
        var interval = Tokens(generator.Generate(Request([1, 2]) with
        {
            Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 3, Schedule = GuidanceSchedule.Interval, IntervalEnd = 8 } },
        })[1]);
        // Counter c guides the tokens 0 … c + 1.
        Assert.Equal(full[..10], interval[..10]);
        Assert.NotEqual(full, interval);
    }

    [Fact]
    public void The_boundary_modes_agree_up_to_the_first_patch_token()
    {
        using var generator = ByName("tiny");
        var trained = generator.Generate(Request([4]))[0];
        var published = generator.Generate(Request([4]) with { Boundary = BoundaryMode.Published })[0];
        Assert.Equal(trained.Holistic, published.Holistic);
        Assert.NotEqual(trained.Patches, published.Patches);
    }

    [Fact]
    public void Unseen_patches_are_left_out_and_change_nothing_else()
    {
        using var generator = ByName("tiny");
        var whole = generator.Generate(Request([4]))[0];
        var shortened = generator.Generate(Request([4]) with { UnseenPatches = 4 })[0];
        Assert.Equal(whole.Holistic, shortened.Holistic);
        Assert.Equal(whole.Patches.Take(12), shortened.Patches.Take(12));
        Assert.All(shortened.Patches.Skip(12), static c => Assert.Equal(0, c));
    }

    [Fact]
    public void A_saved_generator_loads_as_the_same_model()
    {
        using var folder = new TemporaryFolder();
        using var generator = ByName("tiny");
        generator.Save(folder["model"]);
        using var loaded = ImageGenerator.Load(folder["model"]);
        Assert.Equal(generator.ModelHash, loaded.ModelHash);
        AssertSame(generator.Generate(Request([7]))[0], loaded.Generate(Request([7]))[0]);
    }

    [Fact]
    public void Progress_counts_every_token_and_cancelling_stops_at_once()
    {
        using var generator = ByName("tiny");
        var reports = new List<GenerationProgress>();
        using var stop = new CancellationTokenSource();
        generator.Generate(Request([1, 2, 3]) with { BatchSize = 2 }, new Direct(reports.Add), cancellation: CancellationToken.None);
        Assert.Equal(new GenerationProgress(3, 3, 96, 96), reports[^1]);
        Assert.Equal(64, reports.Count);
        Assert.Throws<OperationCanceledException>(() => generator.Generate(
            Request([1, 2, 3]), new Direct(p => { if (p.Tokens >= 30) stop.Cancel(); }), cancellation: stop.Token));
    }

    [Fact]
    public void All_faults_of_a_request_are_listed()
    {
        using var generator = ByName("tiny");
        var error = Assert.Throws<ConfigException>(() => generator.Generate(Request([11, -2]) with { BatchSize = 0, FirstImage = -1 }));
        Assert.Equal(4, error.Faults.Count);
        Assert.Contains("0 to 9", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipeline_decodes_what_its_generator_samples()
    {
        using var folder = new TemporaryFolder();
        using (var generator = ByName("tiny"))
            generator.Save(folder["pipeline/generator"]);
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        using (var tokenizer = ImageTokenizer.CreateByName(config))
            tokenizer.Save(folder["pipeline/tokenizer"]);
        using var pipeline = ImagePipeline.Load(folder["pipeline"]);
        Assert.False(pipeline.Tokenizer.CanEncode);

        var images = new List<GeneratedImage>();
        pipeline.Generate(Request([1, 2, 3]) with { BatchSize = 2 }, images.Add);
        Assert.Equal([0, 1, 2], images.Select(static i => i.Index));
        Assert.Equal([1, 2, 3], images.Select(static i => i.Class));
        var codes = pipeline.Generator.Generate(Request([1, 2, 3]));
        for (var i = 0; i < 3; i++)
            Assert.Equal(pipeline.Tokenizer.Decode([codes[i]])[0].Pixels.ToArray(), images[i].Image.Pixels.ToArray());
    }

    [Fact]
    public void Parts_that_do_not_belong_together_are_refused_by_their_numbers()
    {
        Assert.True(TokenizerPresets.TryGet("tiny-llamagen", out var config));
        var error = Assert.Throws<ConfigException>(() => new ImagePipeline(ByName("tiny"), ImageTokenizer.CreateByName(config)));
        Assert.Contains("16 holistic codes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_while_decoding_reaches_the_caller()
    {
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        using var pipeline = new ImagePipeline(ByName("tiny"), ImageTokenizer.CreateByName(config));
        Assert.Throws<IOException>(() => pipeline.Generate(Request([1, 2, 3]) with { BatchSize = 1 }, static _ => throw new IOException("full")));
    }

    private static GenerationRequest Request(int[] classes) => new() { Classes = classes, Seed = 7, Sampling = Guided };

    private static int[] Tokens(ImageCodes codes) => [.. codes.Holistic, .. codes.Patches];

    private static void AssertSame(ImageCodes a, ImageCodes b) => Assert.Equal(Tokens(a), Tokens(b));

    private static ImageGenerator ByName(string preset)
    {
        Assert.True(GeneratorPresets.TryGet(preset, out var config));
        return ImageGenerator.CreateByName(config, options: new GeneratorOptions { Engine = GeneratorEngine.Torch });
    }

    private sealed class Direct(Action<GenerationProgress> action) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => action(value);
    }
}
