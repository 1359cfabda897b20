using System.Runtime.ExceptionServices;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Evaluation.Classification;

/// <summary>The nearest of many vectors to each of some vectors, found block by block; the many are not kept.</summary>
internal sealed class NearestImages
{
    private readonly float[] _queries;
    private readonly int _width;

    /// <param name="queries">Vectors one after the other.</param>
    /// <param name="width">Numbers of a vector.</param>
    public NearestImages(float[] queries, int width)
    {
        (_queries, _width) = (queries, width);
        Distances = new double[queries.Length / width];
        Array.Fill(Distances, double.PositiveInfinity);
        Indices = new long[Distances.Length];
        Array.Fill(Indices, -1);
    }

    /// <summary>The root of the mean squared difference to the nearest vector so far, for each query.</summary>
    public double[] Distances { get; }

    /// <summary>The number of that vector; −1 before the first.</summary>
    public long[] Indices { get; }

    /// <summary>Looks at vectors.</summary>
    /// <param name="block">Vectors one after the other.</param>
    /// <param name="first">The number of the first.</param>
    public void Offer(ReadOnlySpan<float> block, long first)
    {
        var count = block.Length / _width;
        using var frozen = inference_mode();
        using var scope = NewDisposeScope();
        var candidates = TensorOps.FromFloats(block, count, _width);
        var queries = TensorOps.FromFloats(_queries, Distances.Length, _width);
        // |q − c|² but for |q|², which is the same for all candidates.
        var squares = candidates.Times(candidates).sum(-1).unsqueeze(0).PlusScaled(queries.mm(candidates.t()), -2); // [queries, candidates]
        var nearest = squares.argmin(1).ToInts();
        for (var q = 0; q < nearest.Length; q++)
        {
            // Recomputed as it stands: the short cut cancels digits where the two are nearly equal.
            var distance = Distance(_queries.AsSpan(q * _width, _width), block.Slice(nearest[q] * _width, _width));
            if (distance < Distances[q])
                (Distances[q], Indices[q]) = (distance, first + nearest[q]);
        }
    }

    private static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += Math.Pow(a[i] - b[i], 2);
        return Math.Sqrt(sum / a.Length);
    }
}

/// <summary>An image as a vector: shrunk to 32 pixels a side, 0 to 1.</summary>
internal static class PixelVector
{
    private const int Side = 32;

    public const int Width = Side * Side * Image.Channels;

    public static float[] Of(Image image)
    {
        var small = image.Resize(Side, Side, ResamplingFilter.Box);
        var vector = new float[Width];
        for (var i = 0; i < vector.Length; i++)
            vector[i] = small.Pixels[i] / 255f;
        return vector;
    }
}

/// <summary>What the nearest training images say.</summary>
/// <param name="SampleDistances">For each sample the distance to its nearest training image.</param>
/// <param name="HeldOutDistances">The same for true images that were held out: what is usual without copying.</param>
/// <param name="SampleNeighbours">For each sample the number of its nearest training image.</param>
public sealed record NeighbourDistances(IReadOnlyList<double> SampleDistances, IReadOnlyList<double> HeldOutDistances, IReadOnlyList<long> SampleNeighbours)
{
    /// <summary>The share of samples that lie nearer to a training image than every held-out image does, 0 to 1.</summary>
    public double Suspicious
    {
        get
        {
            var least = HeldOutDistances.Min();
            return (double)SampleDistances.Count(d => d < least) / SampleDistances.Count;
        }
    }

    /// <summary>The middle one of some distances.</summary>
    /// <param name="distances">At least one.</param>
    public static double Median(IReadOnlyList<double> distances)
    {
        ArgumentNullException.ThrowIfNull(distances);
        return distances.Order().ElementAt(distances.Count / 2);
    }
}

/// <summary>Looks for samples that are copies of training images, by pixels and by a classifier's features.</summary>
public static class CopyCheck
{
    private const int Block = 256;

    /// <summary>Compares.</summary>
    /// <param name="pixels">The samples' pixel vectors.</param>
    /// <param name="features">The samples' feature vectors.</param>
    /// <param name="classifier">Makes the feature vectors.</param>
    /// <param name="data">Training and held-out images.</param>
    /// <param name="trainingCount">Training images to look at, from the first on.</param>
    /// <param name="heldOutCount">Held-out images to compare with.</param>
    /// <param name="progress">Told how many training images have been looked at; may be null.</param>
    /// <param name="cancellation">Stops between two blocks.</param>
    /// <returns>By pixels and by features.</returns>
    internal static (NeighbourDistances Pixels, NeighbourDistances Features) Run(
        FeatureBank pixels, FeatureBank features, ImageClassifier classifier, ClassifierData data, int trainingCount, int heldOutCount,
        IProgress<int>? progress, CancellationToken cancellation)
    {
        var (heldOutPixels, heldOutFeatures) = Vectors(classifier, data.HeldOut, 0, heldOutCount, cancellation);
        var byPixels = new NearestImages([.. All(pixels), .. heldOutPixels], PixelVector.Width);
        var byFeatures = new NearestImages([.. All(features), .. heldOutFeatures], ImageClassifier.FeatureWidth);
        for (var first = 0; first < trainingCount; first += Block)
        {
            var (blockPixels, blockFeatures) = Vectors(classifier, data.Training, first, Math.Min(Block, trainingCount - first), cancellation);
            byPixels.Offer(blockPixels, first);
            byFeatures.Offer(blockFeatures, first);
            progress?.Report(Math.Min(first + Block, trainingCount));
        }
        return (Split(byPixels, (int)pixels.Count), Split(byFeatures, (int)features.Count));
    }

    private static NeighbourDistances Split(NearestImages nearest, int samples) =>
        new(nearest.Distances[..samples], nearest.Distances[samples..], nearest.Indices[..samples]);

    private static float[] All(FeatureBank bank)
    {
        var all = new float[bank.Count * bank.Width];
        bank.CopyTo(0, all);
        return all;
    }

    private static (float[] Pixels, float[] Features) Vectors(
        ImageClassifier classifier, Func<long, LabelledImage> read, long first, int count, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var images = new Image[count];
        var pixels = new float[count * PixelVector.Width];
        try
        {
            Parallel.For(0, count, i =>
            {
                images[i] = read(first + i).Image;
                PixelVector.Of(images[i]).CopyTo(pixels.AsSpan(i * PixelVector.Width));
            });
        }
        catch (AggregateException e) when (e.InnerException is HitaException fault)
        {
            // The sentence for the user, without what the loop wraps it in.
            ExceptionDispatchInfo.Throw(fault);
        }
        return (pixels, [.. images.Chunk(64).SelectMany(part => classifier.Classify(part).Features)]);
    }
}
