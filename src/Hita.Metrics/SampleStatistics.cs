using Hita.Metrics.Networks;
using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>
/// Everything that is measured on a set of images by their Inception features, accumulated together: 100 MiB for FID, sFID and
/// the Inception score however many images there are, and 8 KiB an image more where precision and recall are wanted.
/// </summary>
public sealed class SampleStatistics : IAccumulator<SampleStatistics>
{
    /// <summary>Starts without images.</summary>
    /// <param name="keepFeatures">Whether to keep the pool features, for precision and recall.</param>
    /// <param name="splitSize">Images a split of the Inception score.</param>
    /// <param name="firstIndex">The place of the first image; not 0 where this is a later part of a set.</param>
    public SampleStatistics(bool keepFeatures = false, int splitSize = InceptionScore.PublishedSplitSize, long firstIndex = 0)
        : this(
            new FeatureStatistics(InceptionFeatures.PoolWidth), new FeatureStatistics(InceptionFeatures.SpatialWidth),
            new InceptionScoreStatistics(InceptionFeatures.ClassCount, splitSize, firstIndex),
            keepFeatures ? new FeatureBank(InceptionFeatures.PoolWidth) : null)
    {
    }

    private SampleStatistics(FeatureStatistics pool, FeatureStatistics spatial, InceptionScoreStatistics classes, FeatureBank? features) =>
        (Pool, Spatial, Classes, Features) = (pool, spatial, classes, features);

    /// <summary>Of the pool features, for FID.</summary>
    public FeatureStatistics Pool { get; }

    /// <summary>Of the spatial features, for sFID.</summary>
    public FeatureStatistics Spatial { get; }

    /// <summary>Of the logits, for the Inception score.</summary>
    public InceptionScoreStatistics Classes { get; }

    /// <summary>The pool features themselves, for precision and recall; null where they are not kept.</summary>
    public FeatureBank? Features { get; }

    /// <inheritdoc/>
    public long Count => Pool.Count;

    /// <summary>Adds images at the next places.</summary>
    /// <param name="features">Their features.</param>
    /// <exception cref="HitaException">A value is not finite.</exception>
    public void Add(InceptionFeatures features)
    {
        ArgumentNullException.ThrowIfNull(features);
        AddFeatures(features);
        Classes.Add(features.UnbiasedLogits.Span);
    }

    /// <summary>Adds images at given places of the order that the Inception score is to have; see <see cref="SampleOrder"/>.</summary>
    /// <param name="features">Their features.</param>
    /// <param name="places">The place of each.</param>
    /// <exception cref="HitaException">A value is not finite.</exception>
    public void Add(InceptionFeatures features, ReadOnlySpan<int> places)
    {
        ArgumentNullException.ThrowIfNull(features);
        AddFeatures(features);
        Classes.Add(features.UnbiasedLogits.Span, places);
    }

    /// <inheritdoc/>
    public void Merge(SampleStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Features is null != other.Features is null)
            throw new ArgumentException("A set whose features are kept cannot be merged with one whose features are not.", nameof(other));
        Pool.Merge(other.Pool);
        Spatial.Merge(other.Spatial);
        Classes.Merge(other.Classes);
        Features?.Merge(other.Features!);
    }

    /// <summary>The set as a reference for others.</summary>
    /// <exception cref="HitaException">There are fewer than two images.</exception>
    public ReferenceStatistics ToReference() => new(Pool.ToDistribution(), Spatial.ToDistribution());

    IEnumerable<StatePart> IAccumulator<SampleStatistics>.Capture() =>
    [
        .. StatePart.Nested("pool", Pool), .. StatePart.Nested("spatial", Spatial), .. StatePart.Nested("classes", Classes),
        .. Features is null ? [] : StatePart.Nested("features", Features),
    ];

    static SampleStatistics IAccumulator<SampleStatistics>.Restore(StateSource source)
    {
        var statistics = new SampleStatistics(
            source.Nested<FeatureStatistics>("pool"), source.Nested<FeatureStatistics>("spatial"), source.Nested<InceptionScoreStatistics>("classes"),
            source.Has("features.vectors") ? source.Nested<FeatureBank>("features") : null);
        source.Require(statistics.Pool.Width == InceptionFeatures.PoolWidth && statistics.Spatial.Width == InceptionFeatures.SpatialWidth, "pool");
        source.Require(statistics.Pool.Count == statistics.Spatial.Count && statistics.Pool.Count == statistics.Classes.Count, "classes");
        source.Require(statistics.Features is not { } kept || (kept.Width == InceptionFeatures.PoolWidth && kept.Count == statistics.Count), "features");
        return statistics;
    }

    private void AddFeatures(InceptionFeatures features)
    {
        // All checks come first, so that a refused batch is in none of the parts.
        FeatureChecks.Check(features.Spatial.Span, InceptionFeatures.SpatialWidth, Count);
        FeatureChecks.Check(features.UnbiasedLogits.Span, InceptionFeatures.ClassCount, Count);
        Pool.Add(features.Pool.Span);
        Spatial.Add(features.Spatial.Span);
        Features?.Add(features.Pool.Span);
    }
}
