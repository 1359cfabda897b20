using Hita.Generation;
using Hita.Generation.Sampling;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Cli;
using Hita.Tests.Support;

namespace Hita.Tests.Generation;

/// <summary>How a model's folder says its tokens are best sampled.</summary>
public sealed class RecommendedSamplingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RecommendedSamplingTests() => ModelCreator.Create("tiny", _folder["tiny"]);

    private string SettingsFile => _folder["tiny/generator/sampling.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_without_settings_is_sampled_plainly()
    {
        using var generator = ImageGenerator.Load(_folder["tiny"]);
        Assert.Equal(new SamplingOptions(), generator.Sampling);
    }

    [Fact]
    public void What_the_command_line_leaves_out_is_as_the_folder_says()
    {
        File.WriteAllText(SettingsFile, """{ "holistic": { "temperature": 0.5 }, "patches": { "top_p": 0.75 }, "guidance": { "scale": 3, "schedule": "linear" } }""");
        var own = Decoded();
        Assert.Equal((0.5f, 1f), (own.Holistic.Temperature, own.Holistic.TopP));
        Assert.Equal((1f, 0.75f), (own.Patches.Temperature, own.Patches.TopP));
        Assert.Equal(new GuidanceOptions { Scale = 3, Schedule = GuidanceSchedule.Linear }, own.Guidance);

        // What is given counts for both kinds of token, as it does for other models.
        var changed = Decoded("--temperature", "0.25", "--cfg-scale", "2");
        Assert.Equal((0.25f, 0.25f, 0.75f), (changed.Holistic.Temperature, changed.Patches.Temperature, changed.Patches.TopP));
        Assert.Equal(new GuidanceOptions { Scale = 2, Schedule = GuidanceSchedule.Linear }, changed.Guidance);
        Assert.Equal(GuidanceSchedule.Interval, Decoded("--cfg-interval", "3").Guidance.Schedule);
    }

    [Fact]
    public void A_saved_generator_keeps_them()
    {
        File.WriteAllText(SettingsFile, """{ "guidance": { "scale": 3 } }""");
        using (var generator = ImageGenerator.Load(_folder["tiny"], new GeneratorOptions { Engine = GeneratorEngine.Torch }))
            generator.Save(_folder["copy"]);
        Assert.Equal(3, GeneratorFolder.ReadSampling(_folder["copy"]).Guidance.Scale);
        // A model that is replaced takes its settings with it.
        using (var plain = ImageGenerator.Create(GeneratorFolder.ReadConfig(_folder["copy"]), seed: 1))
            plain.Save(_folder["copy"]);
        Assert.False(File.Exists(_folder["copy/sampling.json"]));
    }

    [Theory]
    [InlineData("{", "not a configuration")]
    [InlineData("""{ "heat": 1 }""", "there is no key 'heat'")]
    [InlineData("""{ "patches": { "top_p": 2 } }""", "top-p is 2")]
    public void Damaged_settings_are_refused_by_name(string text, string reason)
    {
        File.WriteAllText(SettingsFile, text);
        var fault = Assert.ThrowsAny<HitaException>(() => ImageGenerator.Load(_folder["tiny"]));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Contains("sampling.json", fault.Message, StringComparison.Ordinal);
    }

    private SamplingOptions Decoded(params string[] arguments)
    {
        var (code, _, error) = CommandLine.Run(["generate", "-m", _folder["tiny"], "--class", "3", "-o", _folder["out"], "--overwrite", .. arguments]);
        Assert.True(code == 0, error);
        return ImageSettings.Read(Directory.GetFiles(_folder["out"], "*.png").Single()).Sampling;
    }
}
