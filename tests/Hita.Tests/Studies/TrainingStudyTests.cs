using Hita.Data;
using Hita.Data.Sources;
using Hita.Studies.Steps;
using Hita.Tests.Support;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Tests.Studies;

/// <summary>The metrics of training steps, and the study once on small stages.</summary>
[Collection(Alone.Name)]
public sealed class TrainingStudyTests
{
    private static readonly string[] Small =
    [
        "model.architecture.image_size=16", "model.architecture.channel_multipliers=[1,1]", "model.architecture.latent_channels=32",
        "model.architecture.codebook_size=32", "model.architecture.holistic.token_count=8", "model.architecture.holistic.width=32",
        "model.architecture.holistic.depth=1", "model.architecture.holistic.heads=2", "model.architecture.holistic.head_width=16",
        "model.architecture.holistic.mlp_width=48", "schedule.batch_size=4", "validation.count=4", "samples.count=2",
    ];

    private static readonly string[] SmallGenerator =
    [
        "model.architecture.width=32", "model.architecture.layers=1", "model.architecture.heads=2", "schedule.batch_size=4",
        "validation.count=4", "samples.count=2",
    ];

    [Fact]
    public void Steps_without_anything_fast_compute_the_same()
    {
        using var scope = NewDisposeScope();
        var parameters = new Dictionary<string, Tensor> { ["a"] = randn(7, 5), ["b"] = randn(5) };
        var other = parameters.ToDictionary(static p => p.Key, static p => p.Value.clone());
        var options = new OptimizerOptions { LearningRate = 1e-2, WeightDecay = 0.05, ClipNorm = 0.5 };
        var naive = new PerTensorLists();
        using (var first = new AdamOptimizer(parameters, options))
        using (var second = new AdamOptimizer(other, options, naive))
        using (var average = new WeightAverage(parameters))
        using (var otherAverage = new WeightAverage(other, naive))
        {
            for (var step = 1; step <= 4; step++)
            {
                Tensor[] gradients = [randn(7, 5), randn(5)];
                Tensor[] copies = [gradients[0].clone(), gradients[1].clone()];
                Gradients fused = new(parameters), slow = new(other, naive);
                var (norm, otherNorm) = (fused.Norm(gradients), slow.Norm(copies));
                Assert.Equal(norm, otherNorm, 1e-5 * norm);
                fused.Clip(gradients, norm, options.ClipNorm);
                slow.Clip(copies, otherNorm, options.ClipNorm);
                first.Step(gradients, step);
                second.Step(copies, step);
                average.Update(0.8);
                otherAverage.Update(0.8);
            }
            foreach (var name in parameters.Keys)
            {
                Assert.True(parameters[name].allclose(other[name], 1e-5, 1e-6), $"{name} differs");
                Assert.True(average.State[name].allclose(otherAverage.State[name], 1e-5, 1e-6), $"the average of {name} differs");
            }
        }
    }

    [Fact]
    public void Images_read_in_the_step_are_those_of_the_loader()
    {
        using var source = new MaterialsSource(16, count: 10);
        var options = new BatchLoaderOptions { BatchSize = 4, Augmentation = new Augmentation { Size = 16, Crop = CropMethod.Center }, Seed = 5, Workers = 1 };
        var own = new SynchronousBatches(source, options);
        var step = 2L;
        foreach (var expected in new BatchLoader(source, options).Batches(number: 1).Take(3))
        {
            using (expected)
            using (var batch = own.Read(step++))
            {
                Assert.True(batch.Indices.SequenceEqual(expected.Indices));
                Assert.True(batch.Pixels.SequenceEqual(expected.Pixels));
            }
        }
    }

    [Fact]
    public void Ratios_are_taken_within_rounds()
    {
        static TurnTimes Turn(double seconds) => new(2, seconds, 0.1, 0.1, [0.2, 0, 0, 0, 0, seconds / 2, 0, 0, 0]);

        // The machine is twice as slow in the second round, for both.
        List<TurnTimes>[] turns = [[Turn(2), Turn(4), Turn(2)], [Turn(3), Turn(6), Turn(4)]];
        var speed = StepStudy.Summarise("made up", 8, [(StepForms.Library, 1), (StepForms.Naive, 1)], turns);
        Assert.Equal([1.5, 1.5, 2], speed.Forms[1].Ratios);
        Assert.Equal((1.5, 1.5, 2), (speed.Forms[1].Ratio, speed.Forms[1].Low, speed.Forms[1].High));
        Assert.Equal((2, 4), (speed.Forms[1].Seconds, speed.Forms[1].ImagesPerSecond));
        Assert.Equal((1, 1), (speed.Forms[0].Low, speed.Forms[0].High));
        Assert.Equal(1, speed.Parts.Sum(static p => p.Share), 1e-9);
        Assert.Equal(0.5, speed.Parts.Single(static p => p.Name == "backward").Share, 1e-9);
        Assert.Equal(2.5, StepStudy.Median([4, 1, 3, 2]));
    }

    [Fact]
    public void Growth_is_told_after_the_warm_up()
    {
        // 100 MiB at once, then 2 MiB in 1000 steps.
        var samples = Enumerable.Range(1, 100).Select(static i => new MemorySample(20 * i, i < 10 ? 50 : 150 + (20 * i * 0.002), 9)).ToList();
        var memory = StepMemory.Of("made up", "none", samples);
        Assert.Equal((2000, 400), (memory.Steps, memory.WarmUp));
        Assert.Equal(2, memory.Slope, 1e-9);
        Assert.InRange(memory.SlopeError, 0, 1e-6);
        Assert.Equal(154, memory.Highest, 1e-9);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void The_training_study_measures_all_forms_of_both_stages()
    {
        using var folder = new TemporaryFolder();
        var report = new TrainingStudy
        {
            TokenizerRecipeFile = Path.Combine(TestFiles.Root, "recipes", "materials-tokenizer.yaml"),
            TokenizerSets = Small,
            GeneratorRecipeFile = Path.Combine(TestFiles.Root, "recipes", "materials-generator.yaml"),
            GeneratorSets = SmallGenerator,
            Output = folder.Path,
            Steps = new StepStudy { Rounds = 1, TurnSteps = 1 },
            MemorySteps = 4,
            MemoryEvery = 1,
        }.Run(static _ => { }, CancellationToken.None);
        Assert.Equal(["tokenizer", "generator"], report.Speed.Select(static s => s.Stage));
        Assert.Equal(StepForms.All.Count, report.Speed[0].Forms.Count);
        Assert.Equal(StepForms.All.Count + 1, report.Speed[1].Forms.Count);
        foreach (var speed in report.Speed)
        {
            Assert.All(speed.Forms, f => Assert.Equal(speed.Forms[0].ComparedLoss, f.ComparedLoss, 0.01 * speed.Forms[0].ComparedLoss));
            Assert.Contains(speed.Parts, static p => p is { Name: "backward", Seconds: > 0, NaiveSeconds: > 0 });
            Assert.All(speed.Parts, static p => Assert.InRange(p.Share, 0, 1));
        }
        Assert.Equal([4L, 4L], report.Memory.Select(static m => m.Steps));
        Assert.All(report.Memory, static m => Assert.True(m.Samples.Count == 4 && m.Highest > 10));
        Assert.Equal(4, report.Plots().Count());
        Assert.Contains("fresh weights", report.Markdown(), StringComparison.Ordinal);
    }
}
