using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tokenization.Model;
using Hita.Training;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>Trainers and batches that are small enough for a test of a second.</summary>
internal static class TinyTrainers
{
    public static TokenizerConfig Tokenizer { get; } = new()
    {
        ImageSize = 16,
        BaseChannels = 32,
        ChannelMultipliers = [1, 1],
        ResidualBlocks = 1,
        LatentChannels = 32,
        CodebookSize = 32,
        Holistic = new HolisticConfig { TokenCount = 8, Width = 32, Depth = 1, Heads = 2, HeadWidth = 16, MlpWidth = 48, Shift = 2 },
    };

    /// <summary>The same for images that a PatchGAN can judge, 32 pixels a side.</summary>
    public static TokenizerConfig Larger { get; } = Tokenizer with { ImageSize = 32, ChannelMultipliers = [1, 1, 1] };

    public static GeneratorConfig Generator { get; } = new()
    {
        Width = 32,
        Layers = 2,
        Heads = 2,
        CodebookSize = 32,
        HolisticTokenCount = 4,
        GridHeight = 3,
        GridWidth = 3,
        ClassCount = 5,
    };

    /// <summary>Reconstruction and codebooks only, at a rate at which a few steps show.</summary>
    public static TokenizerTrainingOptions Plain { get; } = new()
    {
        Perceptual = null,
        Discriminator = null,
        Optimizer = new OptimizerOptions { LearningRate = 1e-3 },
        Average = new AverageOptions { Decay = 0.9 },
        Codebook = new() { UsageWindow = 512 },
    };

    /// <summary>The same with a discriminator from the first step on.</summary>
    public static TokenizerTrainingOptions Judged { get; } = Plain with { Discriminator = new() { StartStep = 1 } };

    public static GeneratorTrainingOptions Writing { get; } = new()
    {
        Optimizer = new OptimizerOptions { LearningRate = 3e-3, WeightDecay = 0.05 },
        Average = new AverageOptions { Decay = 0.9 },
    };

    /// <summary>Images with something to learn: coloured gradients and bars, a function of the seed.</summary>
    public static TokenizerBatch Images(int count, int seed, int size = 16)
    {
        var random = new Random(seed);
        var values = new float[count * 3 * size * size];
        for (var image = 0; image < count * 3; image++)
        {
            var (a, b, c) = (random.NextSingle() - 0.5f, random.NextSingle() - 0.5f, (random.NextSingle() * 2) - 1);
            for (var i = 0; i < size * size; i++)
                values[(image * size * size) + i] = Math.Clamp(c + (a * ((i % size) - (size / 2f)) / size) + (b * (i / size % 4)), -1, 1);
        }
        return new TokenizerBatch(TensorOps.FromFloats(values, count, 3, size, size), new int[count]);
    }

    /// <summary>Codes that follow from the class but for one in eight.</summary>
    public static GeneratorBatch Codes(int count, int seed)
    {
        var random = new Random(seed);
        var classes = Enumerable.Range(0, count).Select(_ => random.Next(Generator.ClassCount)).ToArray();
        int Code(int i, int per) => random.Next(8) == 0 ? random.Next(32) : ((classes[i / per] * 7) + (i % per)) % 32;
        return new GeneratorBatch(
            classes, [.. Enumerable.Range(0, count * 4).Select(i => Code(i, 4))], [.. Enumerable.Range(0, count * 9).Select(i => Code(i, 9))]);
    }

    public static double Value(this StepReport report, string name) => report.Values.Single(v => v.Key == name).Value;

    /// <summary>All of a trainer's state as bytes.</summary>
    public static Dictionary<string, byte[]> Bytes<TBatch>(this ITrainer<TBatch> trainer)
    {
        using var scope = NewDisposeScope();
        return trainer.State.SelectMany(file => file.Value.Select(t => (Name: $"{file.Key}/{t.Key}", t.Value)))
            .ToDictionary(t => t.Name, t => t.Value.detach().contiguous().bytes.ToArray());
    }
}
