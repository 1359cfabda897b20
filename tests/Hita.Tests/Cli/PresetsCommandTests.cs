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
