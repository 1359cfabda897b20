using Hita.Imaging;
using Hita.Metrics.Networks;
using Hita.Runtime;

namespace Hita.Evaluation.Protocols;

/// <summary>Turns images into Inception features, or says why there are none.</summary>
/// <remarks>Measures that need no weights run without it; that is what <see cref="Absence"/> is for.</remarks>
public sealed class FeatureSource : IDisposable
{
    /// <summary>The word that stands for weights made from their names, to try out everything without a file.</summary>
    public const string ByName = "by-name";

    private readonly InceptionExtractor? _extractor;
    private readonly Func<IReadOnlyList<Image>, InceptionFeatures>? _extract;

    private FeatureSource(InceptionExtractor? extractor, Func<IReadOnlyList<Image>, InceptionFeatures>? extract, string? fingerprint, string? absence) =>
        (_extractor, _extract, Fingerprint, Absence) = (extractor, extract, fingerprint, absence);

    /// <summary>Whether there are features.</summary>
    public bool IsPresent => _extract is not null;

    /// <summary>Identifies the weights; null where there are none.</summary>
    public string? Fingerprint { get; }

    /// <summary>Why there are no features, and what to do about it; null where there are.</summary>
    public string? Absence { get; }

    /// <summary>Whether the weights are made from names, so that the metrics mean nothing.</summary>
    public bool IsByName => Fingerprint?.StartsWith(ByName, StringComparison.Ordinal) == true;

    /// <summary>Loads the weights.</summary>
    /// <param name="weights">
    /// A file; a folder with the published or the imported file in it; <see cref="ByName"/>; or null for the folder of metric weights. A file that
    /// is missing in a folder is no fault.
    /// </param>
    /// <param name="device">Where to compute: <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="HitaException">What was named is not there or does not fit.</exception>
    public static FeatureSource Open(string? weights = null, string device = "cpu")
    {
        if (weights == ByName)
            return From(InceptionExtractor.ByName(device: device));
        if (weights is null)
        {
            if (MetricWeights.Has(MetricWeights.Inception))
                return From(InceptionExtractor.Load(device: device));
            return Without(MetricWeights.Absence(MetricWeights.Inception));
        }
        // A folder may hold the weights of some measures and not of others.
        if (Directory.Exists(weights))
        {
            return MetricWeights.PathIn(weights, MetricWeights.Inception) is { } found
                ? From(InceptionExtractor.Load(found, device))
                : Without(MetricWeights.Absence(MetricWeights.Inception));
        }
        if (!File.Exists(weights))
            throw new HitaException($"{MetricWeights.Inception.Purpose} need weights, and {weights} is not there; fetch {MetricWeights.Inception.FileName} from {MetricWeights.Inception.Origin}.");
        return From(InceptionExtractor.Load(weights, device));
    }

    /// <summary>No features.</summary>
    /// <param name="reason">Why, in a sentence.</param>
    public static FeatureSource Without(string reason) => new(null, null, null, reason);

    /// <summary>Features from a network that is loaded; it is owned from here on.</summary>
    /// <param name="extractor">The network.</param>
    public static FeatureSource From(InceptionExtractor extractor)
    {
        ArgumentNullException.ThrowIfNull(extractor);
        return new(extractor, extractor.Extract, extractor.Fingerprint, null);
    }

    /// <summary>Features from elsewhere, for tests that cannot wait for a network.</summary>
    internal static FeatureSource From(Func<IReadOnlyList<Image>, InceptionFeatures> extract, string fingerprint) => new(null, extract, fingerprint, null);

    /// <summary>The features of images of one size.</summary>
    /// <param name="images">At least one.</param>
    /// <exception cref="HitaException">There are no features.</exception>
    public InceptionFeatures Extract(IReadOnlyList<Image> images) =>
        _extract is not null ? _extract(images) : throw new HitaException(Absence!);

    /// <inheritdoc/>
    public void Dispose() => _extractor?.Dispose();
}
