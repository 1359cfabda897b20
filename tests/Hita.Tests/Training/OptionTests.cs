using Hita.Generation;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Training;
using Hita.Training.Discriminators;
using Hita.Training.Losses;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>Every option changes what two steps come to; faults are told together.</summary>
/// <remarks>Alone, because dropout samples from the tensor library's one generator, which other tests would advance.</remarks>
[Collection(Alone.Name)]
public sealed class OptionTests
{
    private static readonly TokenizerTrainingOptions Base = TinyTrainers.Judged with { Codebook = new() { UsageWindow = 16 } };

    private static readonly Dictionary<string, TokenizerTrainingOptions> Tokenizer = new()
    {
        ["reconstruction"] = Base with { Reconstruction = ReconstructionLoss.Absolute },
        ["reconstruction l1"] = Base with { Reconstruction = ReconstructionLoss.AbsolutePlusSquared },
        ["reconstruction single"] = Base with { Reconstruction = ReconstructionLoss.Squared },
        ["reconstruction_weight"] = Base with { ReconstructionWeight = 0.5 },
        ["dropout"] = Base with { Dropout = 0 },
        ["precision"] = Base with { Precision = Precision.BFloat16 },
        ["scope"] = Base with { Scope = TokenizerScope.Decoder },
        ["style_separation"] = Base with { StyleSeparation = new() },
        ["average.decay"] = Base with { Average = new() { Decay = 0.5 } },
        ["average.warmup"] = Base with { Average = new() { Decay = 0.9, Warmup = true } },
        ["codebook_weight"] = Base with { Codebook = Base.Codebook with { CodebookWeight = 2 } },
        ["commitment_weight"] = Base with { Codebook = Base.Codebook with { CommitmentWeight = 2 } },
        ["entropy_weight"] = Base with { Codebook = Base.Codebook with { EntropyWeight = 0.1 } },
        ["entropy_temperature"] = Base with { Codebook = Base.Codebook with { EntropyWeight = 0.1, EntropyTemperature = 1 } },
        ["usage_window"] = Base with { Codebook = Base.Codebook with { UsageWindow = 8 } },
        ["revival_interval"] = Base with { Codebook = Base.Codebook with { RevivalInterval = 1 } },
        ["discriminator"] = Base with { Discriminator = null },
        ["discriminator.width"] = Base with { Discriminator = Base.Discriminator! with { Width = 32 } },
        ["discriminator.weight"] = Base with { Discriminator = Base.Discriminator! with { Weight = 1 } },
        ["discriminator.start_step"] = Base with { Discriminator = Base.Discriminator! with { StartStep = 2 } },
        ["discriminator.rest_until_start"] = Base with { Discriminator = Base.Discriminator! with { StartStep = 2, RestUntilStart = true } },
        ["discriminator.loss"] = Base with { Discriminator = Base.Discriminator! with { Loss = DiscriminatorLoss.Vanilla } },
        ["discriminator.generator_loss"] = Base with { Discriminator = Base.Discriminator! with { GeneratorLoss = AdversarialLoss.Hinge } },
        ["discriminator.real_first"] = Base with { Discriminator = Base.Discriminator! with { RealFirst = true } },
        ["discriminator.optimizer"] = Base with { Discriminator = Base.Discriminator! with { Optimizer = new() { LearningRate = 1e-3 } } },
        ["optimizer.learning_rate"] = Base with { Optimizer = new() { LearningRate = 5e-4 } },
        ["optimizer.beta1"] = Base with { Optimizer = Base.Optimizer with { Beta1 = 0.5 } },
        ["optimizer.beta2"] = Base with { Optimizer = Base.Optimizer with { Beta2 = 0.5 } },
        ["optimizer.epsilon"] = Base with { Optimizer = Base.Optimizer with { Epsilon = 1e-3 } },
        ["optimizer.weight_decay"] = Base with { Optimizer = Base.Optimizer with { WeightDecay = 0.1 } },
        ["optimizer.clip_norm"] = Base with { Optimizer = Base.Optimizer with { ClipNorm = 1e-9 } },
        ["optimizer.warmup_steps"] = Base with { Optimizer = Base.Optimizer with { WarmupSteps = 5 } },
    };

    private static readonly Lazy<Dictionary<string, byte[]>> BaseState = new(() => Train(Base));

    public static TheoryData<string> TokenizerOptionNames => [.. Tokenizer.Keys];

    [Fact]
    public void Equal_options_give_equal_training() => ResumeTests.AssertSame(BaseState.Value, Train(Base));

    [Theory]
    [MemberData(nameof(TokenizerOptionNames))]
    public void An_option_of_the_tokenizer_changes_its_training(string name)
    {
        var state = Train(Tokenizer[name]);
        var common = BaseState.Value.Keys.Intersect(state.Keys).ToList();
        Assert.True(
            state.Count != BaseState.Value.Count || common.Exists(key => !state[key].AsSpan().SequenceEqual(BaseState.Value[key])),
            $"{name} changes nothing");
    }

    [Fact]
    public void Options_of_the_generator_change_its_training()
    {
        var options = TinyTrainers.Writing;
        var all = new[]
        {
            options, options with { Dropout = 0 }, options with { ClassDropout = 0.5 }, options with { Precision = Precision.BFloat16 },
            options with { Average = new() { Decay = 0.5 } }, options with { Optimizer = options.Optimizer with { WeightDecay = 0 } },
        };
        var states = all.Select(static o =>
        {
            using var trainer = GeneratorTrainer.Create(TinyTrainers.Generator, o, seed: 1);
            trainer.TakeStep([TinyTrainers.Codes(4, 1)], 1);
            trainer.TakeStep([TinyTrainers.Codes(4, 2)], 2);
            return string.Concat(trainer.Bytes().Select(static b => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(b.Value))));
        });
        Assert.Equal(all.Length, states.Distinct().Count());
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var wrong = new TokenizerTrainingOptions
        {
            Dropout = 1,
            ReconstructionWeight = -1,
            Optimizer = new() { Beta1 = 1, ClipNorm = -1 },
            Average = new() { Decay = 1 },
            Codebook = new() { UsageWindow = 0 },
            Discriminator = new() { StartStep = 0, Weight = 0, Width = 0 },
            Perceptual = new() { Weight = 0 },
            StyleSeparation = new() { Share = 0, Strength = 2, SmallestView = 0 },
        };
        var e = Assert.Throws<ConfigException>(() => wrong.Validate());
        Assert.Equal(13, e.Faults.Count);
        Assert.Throws<ConfigException>(() => new GeneratorTrainingOptions { ClassDropout = 1, Precision = Precision.Int8 }.Validate());
        new TokenizerTrainingOptions().Validate();
        new GeneratorTrainingOptions().Validate();
    }

    [Fact]
    public void Options_survive_being_written()
    {
        var tokenizer = new TokenizerTrainingOptions { Discriminator = new() { Kind = DiscriminatorKind.Dino }, Perceptual = null, SemanticEncoderFile = "a.pth" };
        Assert.Equal(tokenizer with { Perceptual = new() }, ConfigJson.Read<TokenizerTrainingOptions>(ConfigJson.Write(tokenizer), "test"));
        var generator = new GeneratorTrainingOptions { Optimizer = new() { Decay = RateDecay.Cosine, DecaySteps = 10 } };
        Assert.Equal(generator, ConfigJson.Read<GeneratorTrainingOptions>(ConfigJson.Write(generator), "test"));
    }

    [Theory]
    [InlineData(1, 1.0009e-5)]
    [InlineData(10, 1e-4)]
    [InlineData(11, 1e-4)]
    [InlineData(60, 5.5e-5)]
    [InlineData(110, 1e-5)]
    [InlineData(500, 1e-5)]
    public void The_rate_rises_and_falls(long step, double expected)
    {
        var options = new OptimizerOptions { WarmupSteps = 10, WarmupRate = 1e-8, Decay = RateDecay.Cosine, DecaySteps = 110, FinalRate = 1e-5 };
        Assert.Equal(expected, options.RateAt(step), expected * 1e-3);
        Assert.Equal(1e-4, (options with { Decay = RateDecay.Constant }).RateAt(500));
    }

    [Fact]
    public void Only_the_decoder_is_trained_where_that_is_asked()
    {
        using var trainer = TokenizerTrainer.Create(TinyTrainers.Tokenizer, TinyTrainers.Plain with { Scope = TokenizerScope.Decoder }, seed: 1);
        var batch = TinyTrainers.Images(4, 1);
        using var pixels = batch.Pixels;
        using var before = trainer.Evaluate(pixels, average: false);
        var state = trainer.Bytes();
        trainer.TakeStep([batch], 1);
        var changed = trainer.Bytes().Where(p => p.Key.StartsWith("model/", StringComparison.Ordinal) && !p.Value.AsSpan().SequenceEqual(state[p.Key]))
            .Select(static p => p.Key[6..].Split('.')[0]).Distinct().Order();
        Assert.Equal(["decode_transformer", "decoder", "post_quant_conv", "post_slots_quant"], changed);
        using var after = trainer.Evaluate(pixels, average: false);
        Assert.Equal(before.PatchCodes, after.PatchCodes);
        Assert.Equal(before.HolisticCodes, after.HolisticCodes);
    }

    [Fact]
    public void A_generator_is_tuned_to_other_classes()
    {
        using var folder = new TemporaryFolder();
        using (var original = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing, seed: 1))
        {
            original.TakeStep([TinyTrainers.Codes(4, 1)], 1);
            original.Export(folder["model"], average: false);
        }
        using var same = GeneratorTrainer.Load(folder["model"], TinyTrainers.Writing, seed: 2);
        using var tuned = GeneratorTrainer.Load(folder["model"], TinyTrainers.Writing, seed: 2, classCount: 2);
        Assert.Equal(2, tuned.Config.ClassCount);
        var (kept, resized) = (same.Bytes(), tuned.Bytes());
        const string Table = "model/cls_embedding.embedding_table.weight";
        foreach (var (name, bytes) in kept.Where(static p => p.Key.StartsWith("model/", StringComparison.Ordinal) && p.Key != Table))
            Assert.Equal(bytes, resized[name]);
        Assert.Equal(3 * 32 * 4, resized[Table].Length);
        Assert.Equal(kept[Table][^128..], resized[Table][^128..]);
        var codes = TinyTrainers.Codes(2, 1);
        Assert.False(tuned.TakeStep([codes with { Classes = [0, 1] }], 1).Skipped);
        using var loaded = ImageGenerator.Load(folder["model"]);
        Assert.Equal(5, loaded.Config.ClassCount);
    }

    private static Dictionary<string, byte[]> Train(TokenizerTrainingOptions options)
    {
        using var scope = NewDisposeScope();
        using var trainer = TokenizerTrainer.Create(TinyTrainers.Larger, options, seed: 1);
        trainer.TakeStep([TinyTrainers.Images(2, 1, 32)], 1);
        trainer.TakeStep([TinyTrainers.Images(2, 2, 32)], 2);
        return trainer.Bytes();
    }
}
