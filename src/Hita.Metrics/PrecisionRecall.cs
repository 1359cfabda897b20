using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>How distances between feature vectors are computed.</summary>
public enum DistancePrecision
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>
    /// As the published evaluator does on its GPU: every step rounded to 16-bit floats, unless that makes a distance infinite,
    /// in which case all are computed in 32 bits. Of use only for comparing with published numbers.
    /// </summary>
    Published,
}

/// <summary>How precision and recall are computed.</summary>
public sealed record PrecisionRecallOptions
{
    /// <summary>A vector's ball reaches to its k-th nearest neighbour, itself not counted; k is 1 or more, 3 as published.</summary>
    public int Neighbours { get; init; } = 3;

    /// <summary>How distances are computed.</summary>
    public DistancePrecision Distances { get; init; } = DistancePrecision.Float32;

    /// <summary>Where distances are computed: <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Vectors a side of a block of distances; bounds the memory, not the result.</summary>
    public int BlockSize { get; init; } = 2048;
}

/// <summary>Precision and recall.</summary>
/// <param name="Precision">The share of samples that lie inside a ball of a reference vector, 0 to 1: how real they look.</param>
/// <param name="Recall">The share of reference vectors inside a ball of a sample, 0 to 1: how much of the real is covered.</param>
/// <param name="Distances">How distances were computed in the end.</param>
public readonly record struct PrecisionRecallResult(double Precision, double Recall, DistancePrecision Distances);

/// <summary>
/// Precision and recall of samples by the balls around the vectors of both sets. Distances are computed block by block and none
/// are kept, so that 50,000 samples against 10,000 references need little more than the vectors themselves.
/// </summary>
public static class PrecisionRecall
{
    /// <summary>Computes both.</summary>
    /// <param name="reference">The vectors of real images, more than k.</param>
    /// <param name="samples">The vectors of the images to judge, more than k.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told the share of the work done, 0 to 1; may be null.</param>
    /// <param name="cancellation">Stops between two blocks.</param>
    /// <exception cref="HitaException">A set is too small, the numbers of features differ, or there is no such device.</exception>
    public static PrecisionRecallResult Compute(
        FeatureBank reference, FeatureBank samples, PrecisionRecallOptions? options = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new PrecisionRecallOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Neighbours, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BlockSize, 1, nameof(options));
        if (reference.Width != samples.Width)
            throw new HitaException($"Reference vectors of {reference.Width} features cannot be compared with samples of {samples.Width}.");
        foreach (var (what, bank) in new[] { ("reference", reference), ("sample", samples) })
        {
            if (bank.Count <= options.Neighbours)
                throw new HitaException($"Precision and recall by {options.Neighbours} neighbours need more than {options.Neighbours} {what} vectors, not {bank.Count}.");
        }
        var device = Runtime.Compute.Device(options.Device);
        if (options.Distances == DistancePrecision.Published)
        {
            var half = new ManifoldComparison(reference, samples, options, device, half: true, progress, cancellation).Run();
            if (half is { } result)
                return result;
        }
        return new ManifoldComparison(reference, samples, options, device, half: false, progress, cancellation).Run()
            ?? throw new HitaException("The feature vectors are so large that their distances are infinite.");
    }

    /// <summary>As <see cref="Compute"/>, on another thread.</summary>
    /// <inheritdoc cref="Compute" path="/param"/>
    /// <inheritdoc cref="Compute" path="/exception"/>
    public static Task<PrecisionRecallResult> ComputeAsync(
        FeatureBank reference, FeatureBank samples, PrecisionRecallOptions? options = null, IProgress<double>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => Compute(reference, samples, options, progress, cancellation), cancellation);
}
