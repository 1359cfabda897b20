using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Runtime;
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

    internal double RateAt(int step)
    {
        var warm = Math.Max(1, Steps / 20);
        return step < warm
            ? LearningRate * (step + 1) / warm
            : LearningRate * 0.5 * (1 + Math.Cos(Math.PI * (step - warm) / Math.Max(1, Steps - warm)));
    }
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
            var accuracy = Accuracy(model, data, heldOut, options.BatchSize, cancellation);
            return new ImageClassifier(model, new ClassifierCard
            {
                Data = data.Description,
                DataIdentity = data.Identity,
                ClassNames = data.ClassNames,
                Steps = options.Steps,
                BatchSize = options.BatchSize,
                Seed = options.Seed,
                HeldOutAccuracy = accuracy,
                HeldOutCount = heldOut,
            });
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void Fit(
        ClassifierModel model, ClassifierData data, ClassifierTrainingOptions options,
        IProgress<ClassifierProgress>? progress, CancellationToken cancellation)
    {
        model.train();
        using var optimizer = new ClassifierOptimizer(model.Parameters().Values, options.WeightDecay);
        var feed = new ClassifierFeed(data.Training, options.BatchSize);
        var next = Prepare();
        var losses = new Queue<double>();
        try
        {
            for (var step = 0; step < options.Steps; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                var batch = next.GetAwaiter().GetResult();
                next = step + 1 < options.Steps ? Prepare() : Task.FromResult(batch);
                losses.Enqueue(Step(model, batch, optimizer, options.RateAt(step)));
                if (losses.Count > ReportEvery)
                    losses.Dequeue();
                if ((step + 1) % ReportEvery == 0 || step + 1 == options.Steps)
                    progress?.Report(new ClassifierProgress(step + 1, options.Steps, losses.Average()));
            }
        }
        finally
        {
            // Nothing may read from a source that the caller is about to close.
            next.ContinueWith(static _ => { }, TaskScheduler.Default).Wait(CancellationToken.None);
            model.eval();
        }

        Task<ClassifierBatch> Prepare() => Task.Run(feed.Next, cancellation);
    }

    private static double Step(ClassifierModel model, ClassifierBatch batch, ClassifierOptimizer optimizer, double rate)
    {
        using var scope = NewDisposeScope();
        var loss = nn.functional.cross_entropy(model.call(batch.Images()), batch.Labels());
        loss.backward();
        optimizer.Step(rate);
        var value = loss.ToDouble();
        return double.IsFinite(value)
            ? value
            : throw new HitaException("The classifier's loss is not finite; a smaller learning rate would help.");
    }

    private static double Accuracy(ClassifierModel model, ClassifierData data, int count, int batchSize, CancellationToken cancellation)
    {
        var right = 0;
        for (var first = 0; first < count; first += batchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = ClassifierBatch.Read(data.HeldOut, first, Math.Min(batchSize, count - first));
            using var frozen = inference_mode();
            using var scope = NewDisposeScope();
            var found = model.call(batch.Images()).argmax(-1).ToInts();
            right += found.Zip(batch.Classes).Count(static pair => pair.First == pair.Second);
        }
        return (double)right / count;
    }
}

/// <summary>
/// Batches of new images and of mirrored ones from some batches ago, half and half: making an image costs as much as learning
/// from it, and mirroring does not change what it shows.
/// </summary>
internal sealed class ClassifierFeed(Func<long, LabelledImage> read, int batchSize)
{
    private const int Delay = 40;
    private readonly Queue<ClassifierBatch> _earlier = new();
    private long _next;

    /// <summary>The next batch. Calls come one after the other.</summary>
    public ClassifierBatch Next()
    {
        var again = _earlier.Count == Delay ? _earlier.Dequeue().Mirrored() : null;
        var fresh = ClassifierBatch.Read(read, _next, again is null ? batchSize : batchSize - (batchSize / 2));
        _next += fresh.Classes.Length;
        _earlier.Enqueue(fresh.Part(Math.Max(1, batchSize / 2)));
        return again is null ? fresh : fresh.With(again, batchSize);
    }
}

/// <summary>A batch in plain memory, so that it can be prepared on other threads.</summary>
internal sealed record ClassifierBatch(float[] Values, int[] Classes)
{
    private const int Side = ImageClassifier.InputSize;
    private const int Size = Side * Side * Image.Channels;

    public static ClassifierBatch Read(Func<long, LabelledImage> read, long first, int count)
    {
        var batch = new ClassifierBatch(new float[count * Size], new int[count]);
        Parallel.For(0, count, i =>
        {
            var (image, label) = read(first + i);
            ImageTensors.ToPlanes(ImageClassifier.Fit(image), batch.Values.AsSpan(i * Size, Size));
            batch.Classes[i] = label;
        });
        return batch;
    }

    /// <summary>The first images.</summary>
    public ClassifierBatch Part(int count) =>
        count >= Classes.Length ? this : new ClassifierBatch(Values[..(count * Size)], Classes[..count]);

    /// <summary>These images and others, up to a number.</summary>
    public ClassifierBatch With(ClassifierBatch other, int most)
    {
        var both = new ClassifierBatch([.. Values, .. other.Values], [.. Classes, .. other.Classes]);
        return both.Part(most);
    }

    /// <summary>The images, left and right exchanged.</summary>
    public ClassifierBatch Mirrored()
    {
        var values = (float[])Values.Clone();
        for (var row = 0; row < values.Length; row += Side)
            values.AsSpan(row, Side).Reverse();
        return this with { Values = values };
    }

    /// <summary>[B, 3, 64, 64] in [-1, 1].</summary>
    public Tensor Images() => TensorOps.FromFloats(Values, Classes.Length, Image.Channels, Side, Side);

    /// <summary>int64 [B].</summary>
    public Tensor Labels() => TensorOps.FromInts(Classes, Classes.Length);
}
