using Hita.Checkpoints;
using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training;
using Hita.Training.Discriminators;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>Weights of others that training stands on are found, named as published, or told to be missing.</summary>
public sealed class WeightFileTests
{
    [Fact]
    public void Lpips_reads_the_published_names()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var byName = LpipsWeights.ByName(Placement.Cpu);
        var parameters = byName.Parameters();
        // net.slice3.14.weight is features.14.weight in torchvision's file, which holds a classifier too.
        var vgg = parameters.Where(static p => p.Key.StartsWith("net.", StringComparison.Ordinal))
            .ToDictionary(static p => "features." + string.Join('.', p.Key.Split('.')[2..]), static p => p.Value);
        Assert.Contains("features.28.bias", vgg.Keys);
        vgg["classifier.0.bias"] = zeros(4);
        SafetensorsWriter.Save(folder["vgg"], vgg);
        SafetensorsWriter.Save(folder["heads"], [.. parameters.Where(static p => p.Key.StartsWith("lin", StringComparison.Ordinal))]);
        using var loaded = LpipsWeights.Load(folder["vgg"], folder["heads"], Placement.Cpu);
        foreach (var (name, parameter) in loaded.Parameters())
            Assert.True(parameters[name].equal(parameter).ToInts()[0] == 1, name);
        Assert.Throws<CheckpointException>(() => LpipsWeights.Load(folder["heads"], folder["heads"], Placement.Cpu));
    }

    [Fact]
    public void Dino_reads_the_published_names_and_drops_the_biases_of_keys()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var vision = new DinoVision(Placement.Cpu);
        vision.FillByName("dino_vits16.");
        SafetensorsWriter.Save(folder["dino"], [.. vision.Parameters()]);
        using var discriminator = DinoDiscriminator.Create(folder["dino"], Placement.Cpu, seed: 1);
        using var byName = DinoVision.ByName(Placement.Cpu);
        var images = TinyTrainers.Images(1, 1, 32).Pixels;
        var logits = discriminator.Judge(images, new StepRandom(1, 1, 0));
        Assert.Equal([1L, 5 * 196], logits.shape);
        Assert.All(discriminator.Buffers.Where(static b => b.Key.EndsWith("weight_u", StringComparison.Ordinal)), static b =>
            Assert.Equal(1, b.Value.norm().ToDouble(), 1e-4));
        Assert.Equal(0, byName.Parameters()["blocks.3.attn.qkv.bias"].narrow(0, 384, 384).norm().ToDouble());
        Assert.NotEqual(0, byName.Parameters()["blocks.3.attn.qkv.bias"].narrow(0, 0, 384).norm().ToDouble());
        Assert.DoesNotContain(discriminator.Parameters.Keys, static k => k.Contains("blocks", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_missing_is_named_with_where_to_get_it()
    {
        var e = Assert.Throws<HitaException>(() => TokenizerTrainer.Create(TinyTrainers.Tokenizer, TinyTrainers.Plain with { Perceptual = new() }, seed: 1));
        Assert.Contains("vgg16-397923af.pth", e.Message, StringComparison.Ordinal);
        var options = TinyTrainers.Plain with { Discriminator = new() { Kind = DiscriminatorKind.Dino } };
        Assert.Contains("dino", Assert.Throws<HitaException>(() => TokenizerTrainer.Create(TinyTrainers.Tokenizer, options, seed: 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_is_exported_with_its_frozen_encoder_and_tuned_again()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var semantic = new Dinov2Config { Width = 24, Depth = 1, Heads = 2, HiddenWidth = 48, InputSize = 56 };
        var config = TinyTrainers.Tokenizer with { Holistic = TinyTrainers.Tokenizer.Holistic! with { SemanticEncoder = semantic, SemanticReconstruction = true } };
        var batch = TinyTrainers.Images(2, 1);
        using (var trainer = TokenizerTrainer.Create(config, TinyTrainers.Plain, seed: 1))
        {
            Assert.DoesNotContain(trainer.State["model"].Keys, static k => k.Contains("pretrained", StringComparison.Ordinal));
            Assert.InRange(trainer.TakeStep([batch], 1).Value("semantic"), 0.1, 2);
            trainer.Export(folder["model"]);
        }
        using (var tokenizer = ImageTokenizer.Load(folder["model"]))
            Assert.True(tokenizer.CanEncode);
        using var tuned = TokenizerTrainer.Load(folder["model"], TinyTrainers.Plain, seed: 2);
        Assert.False(tuned.TakeStep([batch], 1).Skipped);
    }
}
