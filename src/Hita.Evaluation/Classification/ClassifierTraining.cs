using Hita.Checkpoints;
using Hita.Layers;
using Hita.Runtime;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Evaluation.Classification;

/// <summary>How a classifier is trained.</summary>
public sealed record ClassifierTrainingOptions
{
    /// <summary>Training steps, 1 or more.</summary>
    public int Steps { get; init; } = 4000;

    /// <summary>Images a step, 1 to 1024.</summary>
    public int BatchSize { get; init; } = 48;

    /// <summary>The largest learning rate; it rises over the first twentieth of the steps and falls to nothing as a cosine.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Weight decay.</summary>
    public double WeightDecay { get; init; } = 0.02;

    /// <summary>Held-out images that judge it, 1 or more.</summary>
    public int HeldOutCount { get; init; } = 2000;

    /// <summary>Chooses the first weights.</summary>
    public int Seed { get; init; }

    /// <summary>Checks every field.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public ClassifierTrainingOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Range(Steps, 1, 1_000_000, "the steps", verb: "are");
        faults.Range(BatchSize, 1, 1024, "the batch size");
        faults.Above(LearningRate, 0, 1, "the learning rate");
        faults.Range(WeightDecay, 0, 1, "the weight decay");
        faults.Require(HeldOutCount >= 1, $"the held-out images are {HeldOutCount}, there must be at least 1");
        return faults.Checked(this, "The training of a classifier");
    }

    /// <summary>
    /// The learning rate of a step: <see cref="OptimizerOptions.RateAt"/> but that the cosine begins one step later.
    /// Classifiers are compared and kept by what they were trained with, so it stays there.
    /// </summary>
    /// <param name="number">The step's number, from 1.</param>
    internal double RateAt(long number)
    {
        var step = number - 1;
        var warm = Math.Max(1, Steps / 20);
        return step < warm
            ? LearningRate * (step + 1) / warm
            : LearningRate * 0.5 * (1 + Math.Cos(Math.PI * (step - warm) / Math.Max(1, Steps - warm)));
    }

    /// <summary>The numbers of the optimiser.</summary>
    internal OptimizerOptions ToOptimizer() => new() { LearningRate = LearningRate, Beta2 = 0.99, WeightDecay = WeightDecay, ClipNorm = 0 };
}

/// <summary>How far a training of a classifier is.</summary>
/// <param name="Steps">Steps done.</param>
/// <param name="StepCount">Steps in all.</param>
/// <param name="Loss">The mean loss over the last few steps.</param>
public readonly record struct ClassifierProgress(int Steps, int StepCount, double Loss);

/// <summary>
/// Trains classifiers. The same data, options, threads and machine give the same weights: images come in a fixed order, and
/// the next batch is prepared while a step is computed.
/// </summary>
public static class ClassifierTraining
{
    private const int ReportEvery = 20;

    /// <summary>Trains a classifier and measures it on held-out images.</summary>
    /// <param name="data">The images.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="HitaException">The options are impossible, an image cannot be read, or the loss is not finite.</exception>
    public static ImageClassifier Train(
        ClassifierData data, ClassifierTrainingOptions? options = null,
        IProgress<ClassifierProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options = (options ?? new ClassifierTrainingOptions()).Validate();
        var model = new ClassifierModel(data.ClassNames.Count, Placement.Cpu);
        try
        {
            model.FillByName($"classifier.{options.Seed}.");
            Fit(model, data, options, progress, cancellation);
            var heldOut = (int)Math.Min(options.HeldOutCount, data.HeldOutCount);
            var found = Judge(model, data, heldOut, options.BatchSize, cancellation);
            return new ImageClassifier(model, new ClassifierCard
            {
                Data = data.Description,
                DataIdentity = data.Identity,
                ClassNames = data.ClassNames,
                Steps = options.Steps,
                BatchSize = options.BatchSize,
                Seed = options.Seed,
                HeldOutAccuracy = found.Agreement,
                HeldOutCount = heldOut,
                HeldOutClassAccuracy = found.ClassMean,
            });
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Train"/>, on another thread.</summary>
    /// <inheritdoc cref="Train" path="/param"/>
    /// <inheritdoc cref="Train" path="/exception"/>
    public static Task<ImageClassifier> TrainAsync(
        ClassifierData data, ClassifierTrainingOptions? options = null, IProgress<ClassifierProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => Train(data, options, progress, cancellation), cancellation);

    private static void Fit(
        ClassifierModel model, ClassifierData data, ClassifierTrainingOptions options,
        IProgress<ClassifierProgress>? progress, CancellationToken cancellation)
    {
        using var trainer = new ClassifierTrainer(model, options);
        using var feed = new ClassifierFeed(data.Training, options.BatchSize, options.Steps);
        var losses = new Queue<double>();
        for (var step = 1; step <= options.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            var report = trainer.TakeStep(feed.NextBatches(cancellation), step);
            if (report.Skipped)
                throw new HitaException("The classifier's loss is not finite; a smaller learning rate would help.");
            losses.Enqueue(report.Values[0].Value);
            if (losses.Count > ReportEvery)
                losses.Dequeue();
            if (step % ReportEvery == 0 || step == options.Steps)
                progress?.Report(new ClassifierProgress(step, options.Steps, losses.Average()));
        }
        model.eval();
    }

    private static ConfusionCounts Judge(ClassifierModel model, ClassifierData data, int count, int batchSize, CancellationToken cancellation)
    {
        var counts = new ConfusionCounts(data.ClassNames.Count);
        for (var first = 0; first < count; first += batchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = ClassifierBatch.Read(data.HeldOut, first, Math.Min(batchSize, count - first));
            using var frozen = inference_mode();
            using var scope = NewDisposeScope();
            foreach (var (found, actual) in model.call(batch.Images()).argmax(-1).ToInts().Zip(batch.Classes))
                counts.Add(actual, found);
        }
        return counts;
    }
}
