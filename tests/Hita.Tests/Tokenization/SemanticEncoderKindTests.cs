using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tests.Training;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training;
using Hita.Training.Recipes;
using static TorchSharp.torch;

namespace Hita.Tests.Tokenization;

/// <summary>A tokenizer's semantic encoder is one of several kinds.</summary>
public sealed class SemanticEncoderKindTests
{
    // Two by two patches: a moment a step.
    private static readonly TokenizerConfig WithResNet = TinyTrainers.Tokenizer with
    {
        Holistic = TinyTrainers.Tokenizer.Holistic! with { SemanticEncoder = new ResNet18Config { InputSize = 64 }, SemanticReconstruction = true },
    };

    [Fact]
    public void Configurations_are_written_and_read_by_kind_and_the_published_kind_needs_no_word()
    {
        var json = ConfigJson.Write(WithResNet);
        Assert.Contains("\"kind\": \"resnet18\"", json, StringComparison.Ordinal);
        Assert.Equal(WithResNet, ConfigJson.Read<TokenizerConfig>(json, "test"));
        Assert.True(TokenizerPresets.TryGet("hita-v", out var published));
        var plain = ConfigJson.Write(published);
        Assert.DoesNotContain("kind", plain, StringComparison.Ordinal);
        Assert.Equal(1024, Assert.IsType<Dinov2Config>(ConfigJson.Read<TokenizerConfig>(plain, "test").Holistic!.SemanticEncoder).Width);
        var fault = Assert.Throws<CheckpointException>(() => ConfigJson.Read<TokenizerConfig>(json.Replace("resnet18", "resnet50", StringComparison.Ordinal), "test"));
        Assert.Contains("'resnet50' is none of dinov2, resnet18", fault.Message, StringComparison.Ordinal);
        fault = Assert.Throws<CheckpointException>(() => ConfigJson.Read<TokenizerConfig>(json.Replace("input_size", "depth", StringComparison.Ordinal), "test"));
        Assert.Contains("depth", fault.Message, StringComparison.Ordinal);
        Assert.Contains("input_size is 100", Assert.Throws<ConfigException>(() => (WithResNet with
        {
            Holistic = WithResNet.Holistic! with { SemanticEncoder = new ResNet18Config { InputSize = 100 } },
        }).Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recipes_choose_the_kind_and_a_preset_gives_way_to_another_one()
    {
        const string Text = """
            model:
              preset: hita-v
              architecture:
                holistic:
                  semantic_encoder:
                    kind: resnet18
            data:
              source: materials
            schedule:
              steps: 1
            """;
        var recipe = TokenizerRecipe.Parse(Text);
        var encoder = Assert.IsType<ResNet18Config>(recipe.Model.Architecture.Holistic!.SemanticEncoder);
        Assert.Equal((224, 7, 50, 512), (encoder.InputSize, encoder.GridSide, encoder.TokenCount, encoder.TokenWidth));
        Assert.Equal(recipe, TokenizerRecipe.Parse(recipe.Write()));
        var published = TokenizerRecipe.Parse(Text.Replace("kind: resnet18", "depth: 3", StringComparison.Ordinal));
        Assert.Equal((1024, 3), ((Dinov2Config)published.Model.Architecture.Holistic!.SemanticEncoder! is var d ? (d.Width, d.Depth) : default));
        Assert.Equal(published, TokenizerRecipe.Parse(published.Write()));
        // Other sections with a kind keep their keys.
        var judged = TokenizerRecipe.Parse(Text + "\ntraining: {discriminator: {kind: patch_gan, weight: 0.125}}", sets: ["training.discriminator.kind=dino"]);
        Assert.Equal((Hita.Training.Discriminators.DiscriminatorKind.Dino, 0.125), (judged.Training.Discriminator!.Kind, judged.Training.Discriminator.Weight));
        var fault = Assert.Throws<ConfigException>(() => TokenizerRecipe.Parse(Text.Replace("kind: resnet18", "kind: resnet", StringComparison.Ordinal)));
        Assert.Contains("kind is 'resnet', it must be one of dinov2, resnet18; did you mean 'resnet18'?", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_with_resnet_trains_and_is_stored_without_it()
    {
        var onnx = ResNet18File.Path();
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var options = TinyTrainers.Plain with { SemanticEncoderFile = onnx };
        var batch = TinyTrainers.Images(2, 1);
        using (var trainer = TokenizerTrainer.Create(WithResNet, options, seed: 1))
        {
            Assert.InRange(trainer.TakeStep([batch], 1).Value("semantic"), 0.1, 2);
            trainer.Export(folder["model"]);
        }
        Assert.InRange(new FileInfo(folder["model/model.safetensors"]).Length, 1, 4 << 20);
        using (var decoder = ImageTokenizer.Load(folder["model"], new TokenizerOptions { DecoderOnly = true }))
            Assert.False(decoder.CanEncode);
        // Found by itself, as the package is restored.
        using var tokenizer = ImageTokenizer.Load(folder["model"]);
        Assert.True(tokenizer.CanEncode);
        var image = Hita.Imaging.ImageTensors.ToImages(batch.Pixels)[0];
        var codes = tokenizer.Encode([image])[0];
        tokenizer.Save(folder["saved"]);
        Assert.Equal(new FileInfo(folder["model/model.safetensors"]).Length, new FileInfo(folder["saved/model.safetensors"]).Length);
        using var tuned = TokenizerTrainer.Load(folder["saved"], options, seed: 2);
        Assert.False(tuned.TakeStep([batch], 1).Skipped);
        using var again = ImageTokenizer.Load(folder["saved"]);
        Assert.Equal(codes.Patches, again.Encode([image])[0].Patches);
    }
}
