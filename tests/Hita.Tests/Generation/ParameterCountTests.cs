using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Layers;

namespace Hita.Tests.Generation;

/// <summary>Every preset's parameters, counted without memory.</summary>
public sealed class ParameterCountTests
{
    [Theory]
    [InlineData("hita-b", 136.2)]
    [InlineData("hita-l", 376.6)]
    [InlineData("hita-xl", 816.8)]
    [InlineData("hita-xxl", 1461.5)]
    [InlineData("hita-2b", 2251.5)]
    public void Hita_generators_have_the_published_number_of_parameters(string preset, double millions) =>
        Assert.Equal(millions, Math.Round(Count(preset) / 1e6, 1));

    // The counts that the papers print for the vanilla family: 111 M, 343 M, 775 M, 1.4 B and 3.1 B.
    [Theory]
    [InlineData("llamagen-b", 111, 1e6)]
    [InlineData("llamagen-l", 343, 1e6)]
    [InlineData("llamagen-xl", 775, 1e6)]
    [InlineData("llamagen-xxl", 14, 1e8)]
    [InlineData("llamagen-3b", 31, 1e8)]
    public void Vanilla_generators_have_the_published_number_of_parameters(string preset, double count, double unit) =>
        Assert.Equal(count, Math.Round(Count(preset) / unit));

    [Fact]
    public void Every_preset_can_be_built()
    {
        foreach (var name in GeneratorPresets.Names)
            Assert.True(Count(name) > 0);
    }

    private static long Count(string preset)
    {
        Assert.True(GeneratorPresets.TryGet(preset, out var config));
        using var model = new GeneratorModel(config, Placement.Meta);
        return model.ParameterCount();
    }
}
