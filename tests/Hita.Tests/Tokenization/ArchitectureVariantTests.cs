using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Tests.Tokenization;

/// <summary>Architectures that no recorded vector covers run, and have the shapes that they should.</summary>
public sealed class ArchitectureVariantTests
{
    [Fact]
    public void Patches_of_eight_pixels_need_one_level_less()
    {
        var config = Tiny() with { ChannelMultipliers = [1, 2, 2, 4], Holistic = null };
        using var tokenizer = ImageTokenizer.CreateByName(config);
        var codes = tokenizer.Encode([Noise(48, 32)])[0];
        Assert.Equal((4, 6), (codes.GridHeight, codes.GridWidth));
        Assert.Equal((48, 32), (tokenizer.Decode([codes])[0].Width, tokenizer.Decode([codes])[0].Height));
    }

    [Fact]
    public void A_tokenizer_without_a_semantic_encoder_encodes()
    {
        var config = Tiny() with { Holistic = Tiny().Holistic! with { SemanticEncoder = null } };
        using var tokenizer = ImageTokenizer.CreateByName(config);
        Assert.DoesNotContain(tokenizer.Model.Parameters().Keys, static k => k.Contains("proj.mlp", StringComparison.Ordinal) || k.Contains("backbone", StringComparison.Ordinal));
        Assert.Equal(16, tokenizer.Reconstruct(Noise(64, 64)).Codes.Holistic.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    public void The_shift_may_be_nothing_or_all_holistic_tokens(int shift)
    {
        var config = Tiny() with { Holistic = Tiny().Holistic! with { Shift = shift } };
        using var tokenizer = ImageTokenizer.CreateByName(config);
        Assert.Equal(64, tokenizer.Reconstruct(Noise(64, 64)).Image.Width);
    }

    [Theory]
    [InlineData(FeedForwardKind.Gelu, 0)]
    [InlineData(FeedForwardKind.SwiGlu, 0)]
    [InlineData(FeedForwardKind.SwiGlu, 4)]
    public void Semantic_encoders_with_and_without_registers_give_a_class_and_256_patch_tokens(FeedForwardKind kind, int registers)
    {
        var config = SemanticEncoderPresets.Tiny with { FeedForward = kind, Registers = registers };
        using var encoder = new Dinov2Encoder(config, Placement.Cpu);
        encoder.FillByName();
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var tokens = encoder.call(zeros([2, 3, 224, 224]));
        Assert.Equal([2, 257, 48], tokens.shape);
        Assert.All(TensorOps.ToFloats(tokens), static v => Assert.True(float.IsFinite(v)));
        Assert.Equal(registers > 0, encoder.Parameters().ContainsKey("register_tokens"));
        Assert.Equal(kind == FeedForwardKind.SwiGlu, encoder.Parameters().ContainsKey("blocks.0.mlp.w12.weight"));
    }

    [Fact]
    public void All_faults_of_a_configuration_are_listed_with_their_values()
    {
        var broken = Tiny() with { ImageSize = 65, BaseChannels = 33, NormGroups = 7, Holistic = Tiny().Holistic! with { Shift = 17, Width = 60 } };
        var error = Assert.Throws<ConfigException>(broken.Validate);
        Assert.Equal(5, error.Faults.Count);
        Assert.Contains("65", error.Message, StringComparison.Ordinal);
        Assert.Contains("17", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_groups_of_one_channel_the_brightness_of_a_whole_map_is_lost_and_with_larger_groups_it_is_kept()
    {
        foreach (var (groups, kept) in ((int, bool)[])[(32, false), (8, true)])
        {
            using var scope = NewDisposeScope();
            using var norm = new GroupNorm(32, groups, Placement.Cpu);
            using (no_grad())
            {
                norm.get_parameter("weight")!.fill_(TensorOps.Constant(1L));
                norm.get_parameter("bias")!.zero_();
            }
            var x = randn(1, 32, 8, 8);
            var first = zeros(1, 32, 1, 1);
            first.narrow(1, 0, 1).fill_(TensorOps.Constant(2L));
            var difference = TensorOps.ToDouble(norm.call(x).Minus(norm.call(x.Plus(first))).abs().max());
            Assert.Equal(kept, difference > 0.1);
        }
    }

    [Fact]
    public void Every_preset_makes_the_round_trip_through_json_and_an_unknown_key_is_an_error()
    {
        foreach (var name in TokenizerPresets.Names)
        {
            Assert.True(TokenizerPresets.TryGet(name, out var config));
            Assert.Equal(config, ConfigJson.Read<TokenizerConfig>(ConfigJson.Write(config), name));
        }
        var json = ConfigJson.Write(Tiny()).Replace("\"image_size\"", "\"imagesize\": 3, \"image_size\"", StringComparison.Ordinal);
        Assert.Contains("imagesize", Assert.Throws<CheckpointException>(() => ConfigJson.Read<TokenizerConfig>(json, "config.json")).Message, StringComparison.Ordinal);
    }

    private static TokenizerConfig Tiny()
    {
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        return config;
    }

    private static Image Noise(int width, int height)
    {
        var image = new Image(width, height);
        new Random(3).NextBytes(image.Pixels);
        return image;
    }
}
