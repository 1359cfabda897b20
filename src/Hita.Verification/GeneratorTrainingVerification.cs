using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Runtime;
using Hita.Training;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Verification;

/// <summary>Repeats four recorded steps of the generator's recipe, with all weights filled by name.</summary>
internal static class GeneratorTrainingVerification
{
    private const int Steps = 4;
    private static readonly string[] Columns = ["holistic_loss", "patch_loss", "grad_norm"];

    /// <summary>Whether a file holds such steps.</summary>
    public static bool Fits(ITensorSource vectors) => vectors.Tensors.ContainsKey("0.classes") && vectors.Tensors.ContainsKey("final.param_norms");

    public static void Run(ITensorSource vectors, GeneratorConfig config, StageComparer comparer)
    {
        var options = new GeneratorTrainingOptions
        {
            Optimizer = new OptimizerOptions { LearningRate = 1e-3, WeightDecay = 0.05 },
            Average = new AverageOptions { Decay = 0.9 },
            ClassDropout = 0,
            Dropout = 0,
        };
        var model = new GeneratorModel(config, Placement.Cpu, options.Dropout);
        model.FillByName();
        using var trainer = new GeneratorTrainer(model, options, seed: 0);
        vectors.Require("losses", count: Steps * Columns.Length);
        var losses = vectors.Floats("losses");
        for (var step = 0; step < Steps; step++)
        {
            var batch = new GeneratorBatch(
                vectors.CodesInRange($"{step}.classes", config.ClassCount), vectors.CodesInRange($"{step}.holistic", config.CodebookSize),
                vectors.CodesInRange($"{step}.patch", config.CodebookSize));
            var report = trainer.TakeStep([batch], step + 1);
            TokenizerTrainingVerification.CompareReport(
                comparer, $"losses[{step}]", Columns, report, losses.AsSpan(step * Columns.Length, Columns.Length), step);
        }
        comparer.Compare("final.param_norms", Norms(trainer, "model"));
        comparer.Compare("final.ema_norms", Norms(trainer, "ema"));
    }

    private static float[] Norms(GeneratorTrainer trainer, string file)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        return TensorLists.Fused.Norms([.. trainer.State[file].Values]).ToFloats();
    }
}
