using Hita.Checkpoints;
using Hita.Evaluation.Classification;
using Hita.Layers;
using Hita.Runtime;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Tests.Evaluation.Classification;

/// <summary>Classifiers take the steps of all trainings; what differs in their numbers stays as kept classifiers were trained.</summary>
public sealed class ClassifierTrainerTests
{
    [Fact]
    public void Epsilon_is_added_before_the_mean_square_is_corrected()
    {
        using var scope = NewDisposeScope();
        var options = new ClassifierTrainingOptions { LearningRate = 0.01, WeightDecay = 0.1 };
        var parameters = new Dictionary<string, Tensor> { ["matrix"] = TensorOps.FromFloats([1, -2], 1, 2), ["vector"] = TensorOps.FromFloats([1, -2], 2) };
        using var optimizer = new AdamOptimizer(parameters, options.ToOptimizer(), ClassifierAdam.Instance);
        double[] wanted = [1, -2], decayed = [1, -2], mean = [0, 0], square = [0, 0];
        for (var step = 1; step <= 3; step++)
        {
            // The second is so small that the place of epsilon shows.
            double[] gradient = [0.5 * step, -1e-8];
            var given = Array.ConvertAll(gradient, static g => (float)g);
            optimizer.Step([TensorOps.FromFloats(given, 1, 2), TensorOps.FromFloats(given, 2)], step, 0.01);
            for (var i = 0; i < 2; i++)
            {
                mean[i] = (0.9 * mean[i]) + (0.1 * gradient[i]);
                square[i] = (0.99 * square[i]) + (0.01 * gradient[i] * gradient[i]);
                var move = 0.01 * Math.Sqrt(1 - Math.Pow(0.99, step)) / (1 - Math.Pow(0.9, step)) * mean[i] / (Math.Sqrt(square[i]) + 1e-8);
                wanted[i] -= move;
                decayed[i] -= move + (0.01 * 0.1 * decayed[i]);
            }
        }
        Assert.All(parameters["vector"].ToFloats().Zip(wanted), static p => Assert.Equal(p.Second, p.First, 1e-6));
        Assert.All(parameters["matrix"].ToFloats().Zip(decayed), static p => Assert.Equal(p.Second, p.First, 1e-6));
    }

    [Fact]
    public void The_rate_rises_over_a_twentieth_of_the_steps_and_falls_from_the_step_after()
    {
        var options = new ClassifierTrainingOptions { Steps = 200, LearningRate = 1 };
        Assert.Equal([0.1, 0.5, 1.0, 1.0], [options.RateAt(1), options.RateAt(5), options.RateAt(10), options.RateAt(11)]);
        Assert.Equal(0.5, options.RateAt(106), 1e-12);
        Assert.InRange(options.RateAt(200), 1e-9, 1e-4);
    }

    [Fact]
    public void A_step_that_is_not_finite_changes_nothing()
    {
        using var model = new ClassifierModel(2, Placement.Cpu);
        model.FillByName("classifier.0.");
        using var trainer = new ClassifierTrainer(model, new ClassifierTrainingOptions { Steps = 4 });
        var values = new float[2 * 3 * ImageClassifier.InputSize * ImageClassifier.InputSize];
        var before = WeightFingerprint.Of(model.Parameters());
        values[0] = float.NaN;
        Assert.True(trainer.TakeStep([new ClassifierBatch(values, [0, 0])], 1).Skipped);
        Assert.Equal(before, WeightFingerprint.Of(model.Parameters()));
        values[0] = 0;
        Assert.False(trainer.TakeStep([new ClassifierBatch(values, [0, 0])], 2).Skipped);
        Assert.NotEqual(before, WeightFingerprint.Of(model.Parameters()));
    }
}
