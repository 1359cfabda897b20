using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Metrics.Archives;
using Hita.Metrics.Networks;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>
/// What samples are compared with: true images, or ready-made statistics of them and a few images for precision and recall.
/// </summary>
public sealed class ReferenceInput
{
    /// <summary>Images whose features are kept for precision and recall, as in ADM's reference archives.</summary>
    public const int MaxKept = 10_000;

    private ReferenceInput(string description, string? hash, ReferenceStatistics? statistics, ImageSeries? images) =>
        (Description, Hash, Statistics, Images) = (description, hash, statistics, images);

    /// <summary>What it is, for reports.</summary>
    public string Description { get; }

    /// <summary>The file's hash; null where the images' own is computed as they are read.</summary>
    public string? Hash { get; }

    /// <summary>Ready-made statistics; null where they are computed from images.</summary>
    public ReferenceStatistics? Statistics { get; }

    /// <summary>The images: for everything, or beside <see cref="Statistics"/> for precision and recall alone. Null for none.</summary>
    public ImageSeries? Images { get; }

    /// <summary>An archive: ADM's statistics with or without images, or a sample archive.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="size">The side that images are measured at; 0 for their own.</param>
    /// <exception cref="HitaException">It holds neither, or is damaged.</exception>
    public static ReferenceInput Archive(string path, int size)
    {
        var (statistics, images) = Kinds(path);
        if (!statistics && !images)
            throw new ArchiveException(path, "the archive holds neither statistics (mu, sigma) nor images (arr_0), so nothing can be compared with it.");
        var series = images ? ImageSeries.Archive(path, size) : null;
        return statistics
            ? new ReferenceInput(Path.GetFileName(path), FileHash.Of(path), ReferenceStatistics.Load(path), series)
            : new ReferenceInput(Path.GetFileName(path), null, null, series);
    }

    /// <summary>True images.</summary>
    /// <param name="images">The images at the size they are measured at.</param>
    public static ReferenceInput Of(ImageSeries images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return new ReferenceInput(images.Description, null, null, images);
    }

    private static (bool Statistics, bool Images) Kinds(string path)
    {
        using var archive = NpzReader.Open(path);
        return (archive.Has("mu") && archive.Has("sigma"), archive.Has(ImageArchiveReader.DefaultName));
    }
}

/// <summary>The measurements of a reference as they grow.</summary>
internal sealed class ReferenceMetrics
{
    private readonly ReferenceInput _input;
    private readonly bool[] _kept;
    private FeatureStatistics _pool = new(InceptionFeatures.PoolWidth);
    private FeatureStatistics _spatial = new(InceptionFeatures.SpatialWidth);
    private ImageHash _hash = new();

    /// <param name="input">What it is.</param>
    /// <param name="keep">Whether features are kept for precision and recall.</param>
    public ReferenceMetrics(ReferenceInput input, bool keep)
    {
        _input = input;
        Total = input.Images is { } images && (keep || input.Statistics is null) ? images.Count : 0;
        _kept = new bool[Total];
        // An even choice where there are more than are needed.
        if (keep)
        {
            foreach (var place in SampleOrder.Shuffled(Total).Take(ReferenceInput.MaxKept))
                _kept[place] = true;
        }
        Features = keep && Total > 0 ? new FeatureBank(InceptionFeatures.PoolWidth) : null;
    }

    /// <summary>Images that have to be read.</summary>
    public int Total { get; }

    /// <summary>Images read.</summary>
    public int Done { get; private set; }

    /// <summary>The kept features, for precision and recall; null where there are none.</summary>
    public FeatureBank? Features { get; private set; }

    /// <summary>The statistics, once everything has been read.</summary>
    public ReferenceStatistics ToStatistics() => _input.Statistics ?? new ReferenceStatistics(_pool.ToDistribution(), _spatial.ToDistribution());

    /// <summary>What it is, once everything has been read.</summary>
    public MeasuredSet ToSet() => new(_input.Description, _input.Hash ?? _hash.ToString(), _input.Statistics is null ? Done : null);

    /// <summary>Takes up a saved state.</summary>
    public void Restore(AccumulatorReader state)
    {
        if (!state.Has("reference-hash"))
            return;
        _hash = state.Read<ImageHash>("reference-hash");
        Done = (int)_hash.Count;
        if (_input.Statistics is null)
            (_pool, _spatial) = (state.Read<FeatureStatistics>("reference-pool"), state.Read<FeatureStatistics>("reference-spatial"));
        if (Features is not null)
            Features = state.Read<FeatureBank>("reference-features");
    }

    /// <summary>Adds the state to a file.</summary>
    public void Capture(AccumulatorWriter writer)
    {
        if (Total == 0)
            return;
        writer.Add("reference-hash", _hash);
        if (_input.Statistics is null)
            writer.Add("reference-pool", _pool).Add("reference-spatial", _spatial);
        if (Features is not null)
            writer.Add("reference-features", Features);
    }

    /// <summary>Measures images.</summary>
    public int Add(IReadOnlyList<Image> images, FeatureSource source)
    {
        var features = source.Extract(images);
        if (_input.Statistics is null)
        {
            _pool.Add(features.Pool.Span);
            _spatial.Add(features.Spatial.Span);
        }
        for (var i = 0; i < images.Count; i++)
        {
            if (_kept[Done])
                Features?.Add(features.Pool.Span.Slice(i * InceptionFeatures.PoolWidth, InceptionFeatures.PoolWidth));
            _hash.Add(images[i]);
            Done++;
        }
        return images.Count;
    }
}
