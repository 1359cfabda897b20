using Hita.Checkpoints;
using Hita.Layers;
using Hita.Tokenization.Model;

namespace Hita.Tests.Tokenization;

/// <summary>Every preset's tensors and parameters, counted without memory.</summary>
public sealed class ParameterCountTests
{
    // The published state dicts hold two usage counters of 65,536 entries besides; they are not learned and not kept.
    [Theory]
    [InlineData("hita-v", 501 - 2, 104_371_911L - 131_072)]
    [InlineData("hita-u", 506 - 2, 104_898_759L - 131_072)]
    public void Published_tokenizers_have_the_published_state_dict(string preset, int tensors, long values)
    {
        var parameters = Shapes(preset).Where(static p => !p.Key.StartsWith(TokenizerTensorNames.SemanticEncoderPrefix, StringComparison.Ordinal)).ToList();
        Assert.Equal(tensors, parameters.Count);
        Assert.Equal(values, parameters.Sum(static p => p.Value));
    }

    [Theory]
    [InlineData("hita-v", 845 - 2)]
    [InlineData("hita-u", 850 - 2)]
    public void The_semantic_encoder_adds_344_tensors(string preset, int tensors) => Assert.Equal(tensors, Shapes(preset).Count);

    // The published DINOv2 sizes: 22.1, 86.6, 304.4 and 1136.5 million parameters, registers included.
    [Theory]
    [InlineData("S", 22.1)]
    [InlineData("B", 86.6)]
    [InlineData("L", 304.4)]
    [InlineData("g", 1136.5)]
    public void The_semantic_encoders_have_the_published_sizes(string size, double millions)
    {
        var config = size switch
        {
            "S" => SemanticEncoderPresets.Small,
            "B" => SemanticEncoderPresets.Base,
            "L" => SemanticEncoderPresets.Large,
            _ => SemanticEncoderPresets.Giant,
        };
        using var model = new Dinov2Encoder(config, Placement.Meta);
        Assert.Equal(millions, Math.Round(model.ParameterCount() / 1e6, 1));
        using var withoutRegisters = new Dinov2Encoder(config with { Registers = 0 }, Placement.Meta);
        Assert.Equal(4L * config.Width, model.ParameterCount() - withoutRegisters.ParameterCount());
    }

    // As the vanilla family's authors give them: 72 million with 16-pixel patches, 70 with 8.
    [Theory]
    [InlineData("llamagen-vq16", 72)]
    [InlineData("llamagen-vq8", 70)]
    public void The_vanilla_tokenizers_have_the_published_size_and_no_holistic_part(string preset, double millions)
    {
        var shapes = Shapes(preset);
        Assert.Equal(millions, Math.Round(shapes.Values.Sum() / 1e6));
        Assert.DoesNotContain(shapes.Keys, static k => k.Contains("slot", StringComparison.Ordinal) || k.Contains("transformer", StringComparison.Ordinal));
    }

    [Fact]
    public void Decoding_needs_no_encoder()
    {
        Assert.True(TokenizerPresets.TryGet("hita-v", out var config));
        using var model = new TokenizerModel(config, TokenizerParts.Decoder, Placement.Meta);
        Assert.False(model.CanEncode);
        Assert.DoesNotContain(model.Parameters().Keys, static k => k.StartsWith("encoder.", StringComparison.Ordinal) || k.StartsWith("encode_transformer.", StringComparison.Ordinal));
        var whole = Shapes("hita-v");
        Assert.All(model.Parameters().Keys, k => Assert.Contains(k, whole.Keys));
    }

    private static Dictionary<string, long> Shapes(string preset)
    {
        Assert.True(TokenizerPresets.TryGet(preset, out var config));
        using var model = new TokenizerModel(config, TokenizerParts.All, Placement.Meta);
        return model.Parameters().ToDictionary(static p => p.Key, static p => p.Value.numel());
    }
}
