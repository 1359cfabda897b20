using System.Text.Json;
using Hita.Generation.Model;
using Hita.Tokenization.Model;

namespace Hita.Tests.Cli;

public sealed class PresetsCommandTests
{
    [Fact]
    public void It_lists_every_preset_with_its_numbers()
    {
        var (code, output, _) = CommandLine.Run("presets");
        Assert.Equal(0, code);
        foreach (var name in TokenizerPresets.Names.Concat(GeneratorPresets.Names))
            Assert.Matches($@"(?m)^{name} +\d", output);
        Assert.Matches(@"(?m)^hita-v +336 +16 +128 +441 +16384 +512 +4 +DINOv2, 1024 wide, 24 deep", output);
        Assert.Matches(@"(?m)^hita-2b +1920 +48 +32 +128 +441 +16384 +1000", output);
    }

    [Theory]
    [InlineData(1, 20)]
    [InlineData(64, 24)]
    public void What_training_on_ranks_takes_follows_from_the_parameters(int ranks, int bytesOfParameter)
    {
        var (code, output, _) = CommandLine.Run("presets", "--ranks", $"{ranks}", "--json");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        var costs = json.RootElement.EnumerateArray().ToDictionary(static c => $"{c.GetProperty("stage").GetString()} {c.GetProperty("name").GetString()}", StringComparer.Ordinal);
        Assert.Equal(TokenizerPresets.Names.Count + GeneratorPresets.Names.Count, costs.Count);
        Assert.True(GeneratorPresets.TryGet("hita-b", out var config));
        using var model = new GeneratorModel(config, Hita.Layers.Placement.Meta);
        var parameters = model.parameters().Sum(static p => p.numel());
        Assert.Equal(parameters, costs["generator hita-b"].GetProperty("parameters").GetInt64());
        Assert.Equal(bytesOfParameter * parameters, costs["generator hita-b"].GetProperty("memory_bytes").GetInt64());
        var pieces = 12 * ((parameters + ranks - 1) / ranks);
        Assert.Equal(((bytesOfParameter - 12) * parameters) + pieces, costs["generator hita-b"].GetProperty("sharded_memory_bytes").GetInt64());
        Assert.Equal((long)(2.0 * (ranks - 1) / ranks * 4 * parameters), costs["generator hita-b"].GetProperty("sent_bytes").GetInt64());
        // The semantic encoder is there and not trained.
        Assert.True(costs["tokenizer hita-v"].GetProperty("frozen_parameters").GetInt64() > 0);
    }

    [Fact]
    public void Json_holds_configurations_that_can_be_read_back()
    {
        var (code, output, _) = CommandLine.Run("presets", "--json");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(TokenizerPresets.Names.Count, json.RootElement.GetProperty("tokenizers").GetArrayLength());
        Assert.Equal(GeneratorPresets.Names.Count, json.RootElement.GetProperty("generators").GetArrayLength());
        Assert.True(GeneratorPresets.TryGet("hita-b", out var expected));
        var text = json.RootElement.GetProperty("generators")[0].GetRawText();
        Assert.Equal(expected, Hita.Runtime.ConfigJson.Read<GeneratorConfig>(text, "hita presets"));
    }
}
