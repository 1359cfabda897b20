using Hita.Generation;
using Hita.Generation.Sampling;
using Hita.Studies.Guesses;
using Hita.Tests.Generation.Engine;

namespace Hita.Tests.Studies;

/// <summary>Guessed tokens, of which those that hold are kept.</summary>
public sealed class GuessStudyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Guesses_change_no_image_and_save_passes_where_they_hold(float guidance)
    {
        using var generator = ImageGenerator.CreateByName(Decoding.Preset("tiny"), options: new GeneratorOptions { Threads = 1 });
        // So sure of itself that guesses hold now and then.
        var sampling = SamplingOptions.Same(new TokenSampling { Temperature = 0.05f }, new GuidanceOptions { Scale = guidance });
        // It checks every image itself.
        var report = new GuessStudy(generator, sampling) { DraftSteps = 0 }.Run(2, static _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(2 * 3 * 5, report.Lines.Count);
        Assert.All(report.Lines, static l => Assert.InRange(l.TokensPerPass, 1, l.Positions));
        Assert.Contains(report.Lines, static l => l.TokensPerPass > 1);
        Assert.Equal([1, 2, 3, 4, 8, 16], report.Times.Select(static t => t.Positions));
        Assert.Contains("| gumbel | above |", report.Markdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_draft_network_learns_what_follows_from_neighbours()
    {
        var config = Decoding.Preset("tiny");
        TorchSharp.torch.manual_seed(1);
        using var network = new DraftNetwork(config);
        // Each code is that of the token before it and one more.
        var images = Enumerable.Range(0, 40).Select(i => (i % 3, Enumerable.Range(0, config.SequenceLength).Select(t => (i + t) % 50).ToArray())).ToArray();
        network.Train(images, 150, static _ => { }, TestContext.Current.CancellationToken);
        var (imageClass, codes) = images[7];
        var logits = network.Logits(imageClass, 9, codes);
        Assert.Equal(codes[9], Array.IndexOf(logits, logits.Max()));
    }
}
