using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Training;
using Hita.Training.Discriminators;
using Hita.Training.Losses;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>Losses, windows and the optimiser against what their formulas say.</summary>
public sealed class LossTests
{
    [Fact]
    public void Reconstruction_losses_are_their_formulas()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (TensorOps.FromFloats([0.5f, -0.25f, 0, 0], 1, 1, 2, 2), TensorOps.FromFloats([0, 0, 0, 1], 1, 1, 2, 2));
        var (squared, absolute) = ((0.25 + 0.0625 + 1) / 4, (0.5 + 0.25 + 1) / 4);
        Assert.Equal(2 * squared, ReconstructionLosses.Of(ReconstructionLoss.TwiceSquared, a, b).ToDouble(), 6);
        Assert.Equal(squared + absolute, ReconstructionLosses.Of(ReconstructionLoss.AbsolutePlusSquared, a, b).ToDouble(), 6);
        Assert.Equal(squared, ReconstructionLosses.Of(ReconstructionLoss.Squared, a, b).ToDouble(), 6);
        Assert.Equal(absolute, ReconstructionLosses.Of(ReconstructionLoss.Absolute, a, b).ToDouble(), 6);
    }

    [Fact]
    public void Adversarial_losses_are_their_formulas()
    {
        using var scope = NewDisposeScope();
        float[] fake = [-2, 0.5f, 100], real = [3, -1, 0];
        var (f, r) = (TensorOps.FromFloats(fake, 3), TensorOps.FromFloats(real, 3));
        static double Softplus(double x) => x > 30 ? x : Math.Log(1 + Math.Exp(x));
        Assert.Equal(fake.Average(static x => Softplus(-x)), AdversarialLosses.OfGenerator(AdversarialLoss.Softplus, f).ToDouble(), 5);
        Assert.Equal(-fake.Average(), AdversarialLosses.OfGenerator(AdversarialLoss.Hinge, f).ToDouble(), 4);
        Assert.Equal(
            0.5 * (real.Average(static x => Math.Max(0, 1 - x)) + fake.Average(static x => Math.Max(0, 1 + x))),
            AdversarialLosses.OfDiscriminator(DiscriminatorLoss.Hinge, r, f).ToDouble(), 4);
        Assert.Equal(
            0.5 * (real.Average(static x => Softplus(-x)) + fake.Average(static x => Softplus(x))),
            AdversarialLosses.OfDiscriminator(DiscriminatorLoss.Vanilla, r, f).ToDouble(), 4);
    }

    [Fact]
    public void The_window_counts_the_latest_codes()
    {
        using var window = new CodeWindow(entries: 4, length: 4);
        window.Add([0, 0, 1]);
        Assert.False(window.IsFull);
        Assert.Equal(0.5, window.Measure().Usage);
        window.Add([2, 2, 3, 3]);
        Assert.True(window.IsFull);
        Assert.Equal((0.5, 2.0), window.Measure());
        Assert.Equal([0, 1], window.Unused());
        window.Add([0, 1]);
        Assert.Equal((0.75, Math.Pow(2, 1.5)), window.Measure());
        window.Add([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
        Assert.Equal((0.25, 1.0), window.Measure());
    }

    [Fact]
    public void The_optimiser_is_Adam_with_decay_of_matrices_only()
    {
        using var scope = NewDisposeScope();
        var options = new OptimizerOptions { LearningRate = 0.01, WeightDecay = 0.1 };
        var parameters = new Dictionary<string, Tensor> { ["matrix"] = TensorOps.FromFloats([1, -2], 1, 2), ["vector"] = TensorOps.FromFloats([1, -2], 2) };
        using var optimizer = new AdamOptimizer(parameters, options);
        double[] wanted = [1, -2], decayed = [1, -2], mean = [0, 0], square = [0, 0];
        for (var step = 1; step <= 3; step++)
        {
            double[] gradient = [0.5 * step, -1e-9];
            var given = Array.ConvertAll(gradient, static g => (float)g);
            optimizer.Step([TensorOps.FromFloats(given, 1, 2), TensorOps.FromFloats(given, 2)], step);
            for (var i = 0; i < 2; i++)
            {
                mean[i] = (0.9 * mean[i]) + (0.1 * gradient[i]);
                square[i] = (0.95 * square[i]) + (0.05 * gradient[i] * gradient[i]);
                var move = 0.01 * mean[i] / (1 - Math.Pow(0.9, step)) / (Math.Sqrt(square[i] / (1 - Math.Pow(0.95, step))) + 1e-8);
                wanted[i] -= move;
                decayed[i] = (decayed[i] * (1 - (0.01 * 0.1))) - move;
            }
        }
        Assert.All(parameters["vector"].ToFloats().Zip(wanted), static p => Assert.Equal(p.Second, p.First, 1e-5));
        Assert.All(parameters["matrix"].ToFloats().Zip(decayed), static p => Assert.Equal(p.Second, p.First, 1e-5));
        Assert.Equal(3, optimizer.State["step"].ToDouble());
    }

    [Fact]
    public void Unused_entries_are_replaced_by_features_and_forgotten_by_the_optimiser()
    {
        var options = TinyTrainers.Plain with { Codebook = new() { UsageWindow = 8, RevivalInterval = 2 } };
        using var trainer = TokenizerTrainer.Create(TinyTrainers.Tokenizer, options, seed: 1);
        var batch = TinyTrainers.Images(2, 1);
        using var pixels = batch.Pixels;
        trainer.TakeStep([batch], 1);
        var before = trainer.State["model"]["quantize.embedding.weight"].ToFloats();
        trainer.TakeStep([batch], 2);
        var (after, average, moments) = (trainer.State["model"]["quantize.embedding.weight"].ToFloats(), trainer.State["ema"]["quantize.embedding.weight"].ToFloats(),
            trainer.State["optimizer"]["exp_avg.quantize.embedding.weight"].ToFloats());
        var replaced = Enumerable.Range(0, 32).Where(row => Enumerable.Range(row * 8, 8).Sum(i => Math.Abs(after[i] - before[i])) > 0.3).ToList();
        Assert.True(replaced.Count >= 24, $"{replaced.Count} of 32 entries were replaced");
        Assert.All(replaced, row => Assert.All(Enumerable.Range(row * 8, 8), i => Assert.True(average[i] == after[i] && moments[i] == 0)));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(17)]
    public void Local_normalisation_takes_groups_of_about_eight(int batch)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var norm = new LocalBatchNorm(3, Placement.Cpu);
        foreach (var (name, parameter) in norm.named_parameters())
            parameter.fill_(TensorOps.Constant(name == "weight" ? 1L : 0L));
        random.manual_seed(1);
        var y = norm.call(randn(batch, 3, 5).Times(3).Plus(2));
        var groups = (batch + 7) / 8;
        for (var g = 0; g < groups; g++)
        {
            var part = y.narrow(0, g * batch / groups, ((g + 1) * batch / groups) - (g * batch / groups));
            Assert.All(part.mean([0L, 2L]).ToFloats(), static m => Assert.Equal(0, m, 1e-5));
            Assert.All(part.square().mean([0L, 2L]).ToFloats(), static v => Assert.Equal(1, v, 1e-3));
        }
    }

    [Fact]
    public void Spectral_norm_comes_to_one()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var convolution = new SpectralConv1d(6, 6, 1, Placement.Cpu);
        random.manual_seed(2);
        foreach (var (name, parameter) in convolution.named_parameters())
            parameter.copy_(name == "bias" ? zeros_like(parameter) : randn_like(parameter).Times(3));
        var identity = eye(6).unsqueeze(0); // [1, C, N]: the result is the weight itself
        for (var i = 0; i < 200; i++)
            convolution.call(identity);
        Assert.Equal(1, linalg.svdvals(convolution.call(identity).squeeze(0)).max().ToDouble(), 1e-4);
    }

    [Fact]
    public void Mixed_precision_is_on_inside_only()
    {
        using var scope = NewDisposeScope();
        var (x, w) = (randn(2, 4), randn(3, 4));
        using (Autocast.BFloat16(CPU))
        {
            Assert.Equal(ScalarType.BFloat16, nn.functional.linear(x, w).dtype);
            using (Autocast.Off(CPU))
                Assert.Equal(ScalarType.Float32, nn.functional.linear(x, w).dtype);
            Assert.Equal(ScalarType.BFloat16, nn.functional.linear(x, w).dtype);
        }
        Assert.Equal(ScalarType.Float32, nn.functional.linear(x, w).dtype);
    }

    [Fact]
    public void Mixed_precision_trains_nearly_alike_on_float32_weights()
    {
        using var exact = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing, seed: 1);
        using var mixed = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing with { Precision = Precision.BFloat16 }, seed: 1);
        double a = 0, b = 0;
        for (var step = 1; step <= 20; step++)
            (a, b) = (exact.TakeStep([TinyTrainers.Codes(8, step)], step).Value("loss"), mixed.TakeStep([TinyTrainers.Codes(8, step)], step).Value("loss"));
        Assert.Equal(a, b, 0.02 * a);
        Assert.All(mixed.State["model"].Values, static p => Assert.Equal(ScalarType.Float32, p.dtype));
    }

    [Fact]
    public void An_image_is_at_no_perceptual_distance_from_itself()
    {
        using var scope = NewDisposeScope();
        using var lpips = LpipsWeights.ByName(Placement.Cpu);
        var (a, b) = (TinyTrainers.Images(2, 1, 32).Pixels, TinyTrainers.Images(2, 2, 32).Pixels);
        Assert.All(lpips.Distances(a, a).ToFloats(), static d => Assert.Equal(0, d));
        Assert.All(lpips.Distances(a, b).ToFloats(), static d => Assert.True(d > 0.01));
        Assert.Throws<HitaException>(() => lpips.Distances(zeros(1, 3, 8, 8), zeros(1, 3, 8, 8)));
    }
}
