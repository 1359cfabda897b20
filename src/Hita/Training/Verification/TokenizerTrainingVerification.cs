using Hita.Checkpoints;
using Hita.Evaluation.Metrics.Lpips;
using Hita.Evaluation.Verification;
using Hita.Layers;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training.Discriminators;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Training.Verification;

/// <summary>Repeats three recorded steps of the tokenizer's recipe, with all weights filled by name.</summary>
internal static class TokenizerTrainingVerification
{
    private const int Steps = 3;

    /// <summary>The columns of <c>losses</c>, by the names of a step's report; a term that a report lacks is 0.</summary>
    private static readonly string[] Columns =
        ["loss", "semantic", "codebook", "commitment", "entropy", "discriminator", "grad_norm", "discriminator_grad_norm"];

    /// <summary>Whether a file holds such steps.</summary>
    public static bool Fits(ITensorSource vectors) => vectors.Tensors.ContainsKey("image.0") && vectors.Tensors.ContainsKey("step0.disc_fake");

    public static void Run(ITensorSource vectors, TokenizerConfig config, StageComparer comparer)
    {
        var kind = vectors.Tensors["step0.disc_fake"].Shape.Count == 2 ? DiscriminatorKind.Dino : DiscriminatorKind.PatchGan;
        var options = new TokenizerStageOptions
        {
            Discriminator = new DiscriminatorOptions { Kind = kind, StartStep = 2 },
            Optimizer = new OptimizerOptions(),
            Dropout = 0,
        };
        using var stage = ByName(config, options);
        CompareFirstPass(vectors, stage, comparer);
        vectors.Require("losses", count: Steps * Columns.Length);
        var losses = vectors.Floats("losses");
        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            stage.Observer = step > 0 ? null : (name, tensor) =>
            {
                if (name == "clipped_grad_norms")
                    comparer.Compare("step0.clipped_grad_norms", tensor, StageComparer.ReconstructionTolerance);
            };
            var report = stage.TakeStep([new TokenizerBatch(vectors.FloatTensor($"image.{step}"), [])], step + 1);
            CompareReport(comparer, $"losses[{step}]", Columns, report, losses.AsSpan(step * Columns.Length, Columns.Length), step);
        }
        CompareResult(vectors, stage, comparer, "eval.model", average: false);
        CompareResult(vectors, stage, comparer, "eval.ema", average: true);
    }

    /// <summary>Losses agree to four digits before the first update and to three after it, gradient norms to a thousandth.</summary>
    public static void CompareReport(
        StageComparer comparer, string at, IReadOnlyList<string> columns, StageReport report, ReadOnlySpan<float> expected, int step)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var actual = (float)report.Values.FirstOrDefault(v => v.Key == columns[i]).Value;
            var tolerance = step == 0 && !columns[i].EndsWith("norm", StringComparison.Ordinal)
                ? StageComparer.FeatureTolerance
                : StageComparer.ReconstructionTolerance;
            comparer.Add($"{at}.{columns[i]}", "[1]", StageComparer.RelativeError([actual], [expected[i]]), tolerance);
        }
    }

    private static TokenizerStage ByName(TokenizerConfig config, TokenizerStageOptions options)
    {
        var model = new TokenizerModel(config, TokenizerParts.All, Placement.Cpu, options.Dropout);
        model.FillByName(isCodebook: TokenizerInitializer.IsCodebook);
        return new TokenizerStage(model, options, new TokenizerAssets(LpipsWeights.ByName(Placement.Cpu), DiscriminatorByName(options)), seed: 0);
    }

    private static IDiscriminator DiscriminatorByName(TokenizerStageOptions options)
    {
        IDiscriminator network = options.Discriminator!.Kind == DiscriminatorKind.Dino
            ? new DinoDiscriminator(DinoVision.ByName(Placement.Cpu), Placement.Cpu)
            : new PatchDiscriminator(Placement.Cpu);
        foreach (var (name, tensor) in network.Parameters.Concat(network.Buffers))
        {
            if (tensor.dtype != ScalarType.Float32)
                continue;
            var values = new float[tensor.numel()];
            WeightsByName.Fill("discriminator." + name, tensor.shape, values);
            if (name.EndsWith(".weight_u", StringComparison.Ordinal) || name.EndsWith(".weight_v", StringComparison.Ordinal))
                WeightsByName.NormalizeRows(values, values.Length);
            ModuleWeights.Set(tensor, values);
        }
        return network;
    }

    // Before any update: the reconstruction, its perceptual distance, and what a discriminator says of it and of the pictures.
    private static void CompareFirstPass(ITensorSource vectors, TokenizerStage stage, StageComparer comparer)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var pictures = vectors.FloatTensor("image.0");
        using var seen = stage.Evaluate(pictures, average: false);
        comparer.Compare("step0.reconstruction", seen.Reconstruction, StageComparer.ReconstructionTolerance);
        using var perceptual = LpipsWeights.ByName(Placement.Cpu);
        comparer.Compare("step0.lpips", perceptual.Distances(seen.Reconstruction, pictures), StageComparer.ReconstructionTolerance);
        using var network = DiscriminatorByName(stage.Options);
        var random = new StepRandom(0, 1, 0);
        comparer.Compare("step0.disc_fake", network.Judge(seen.Reconstruction, random), StageComparer.ReconstructionTolerance);
        comparer.Compare("step0.disc_real", network.Judge(pictures, random), StageComparer.ReconstructionTolerance);
    }

    private static void CompareResult(ITensorSource vectors, TokenizerStage stage, StageComparer comparer, string at, bool average)
    {
        using var scope = NewDisposeScope();
        using var seen = stage.Evaluate(vectors.FloatTensor("eval.image"), average);
        comparer.CompareCodes($"{at}.holistic_indices", seen.HolisticCodes, StageComparer.CodeTolerance);
        comparer.CompareCodes($"{at}.patch_indices", seen.PatchCodes, StageComparer.CodeTolerance);
        comparer.Compare($"{at}.reconstruction", seen.Reconstruction, StageComparer.ReconstructionTolerance);
    }
}
