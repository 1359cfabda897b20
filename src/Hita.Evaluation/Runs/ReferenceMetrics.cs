using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
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

/// <summary>What samples are compared with, measured from images where there are no ready-made statistics.</summary>
internal sealed class ReferenceMetrics : IEvaluationMetric
{
    private readonly ReferenceInput _input;
    private readonly FeatureSource _source;
    private readonly bool[] _kept;
    private FeatureStatistics _pool = new(InceptionFeatures.PoolWidth);
    private FeatureStatistics _spatial = new(InceptionFeatures.SpatialWidth);

    /// <param name="input">What it is.</param>
    /// <param name="source">The features.</param>
    /// <param name="keep">Whether features are kept for precision and recall.</param>
    public ReferenceMetrics(ReferenceInput input, FeatureSource source, bool keep)
    {
        (_input, _source) = (input, source);
        var count = input.Images is { } images && (keep || input.Statistics is null) ? images.Count : 0;
        _kept = new bool[count];
        // An even choice where there are more than are needed.
        if (keep)
        {
            foreach (var place in SampleOrder.Shuffled(count).Take(ReferenceInput.MaxKept))
                _kept[place] = true;
        }
        Features = keep && count > 0 ? new FeatureBank(InceptionFeatures.PoolWidth) : null;
        Pass = count == 0 ? null
            : new EvaluationPass("Reading the reference", "reference-hash", input.Description, count, input.Images!.Read, [this]);
    }

    /// <summary>Reads the images; null where there are none to read.</summary>
    public EvaluationPass? Pass { get; }

    /// <summary>The kept features, for precision and recall; null where there are none.</summary>
    public FeatureBank? Features { get; private set; }

    /// <summary>The statistics, once everything has been read.</summary>
    public ReferenceStatistics ToStatistics() => _input.Statistics ?? new ReferenceStatistics(_pool.ToDistribution(), _spatial.ToDistribution());

    /// <summary>What it is, once everything has been read.</summary>
    public MeasuredSet ToSet()
    {
        var images = Pass?.ToSet();
        return new MeasuredSet(_input.Description, _input.Hash ?? images!.Hash, _input.Statistics is null ? images!.Count : null, images?.Size);
    }

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        var features = _source.Extract(batch.Images);
        if (_input.Statistics is null)
        {
            _pool.Add(features.Pool.Span);
            _spatial.Add(features.Spatial.Span);
        }
        for (var i = 0; i < batch.Images.Count; i++)
        {
            if (_kept[batch.First + i])
                Features?.Add(features.Pool.Span.Slice(i * InceptionFeatures.PoolWidth, InceptionFeatures.PoolWidth));
        }
    }

    /// <inheritdoc/>
    /// <remarks>It is a measure for others and has no result of its own.</remarks>
    public void Report(EvaluationResults results)
    {
    }

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state)
    {
        if (_input.Statistics is null)
            state.Add("reference-pool", _pool).Add("reference-spatial", _spatial);
        if (Features is not null)
            state.Add("reference-features", Features);
    }

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state)
    {
        if (_input.Statistics is null)
            (_pool, _spatial) = (state.Read<FeatureStatistics>("reference-pool"), state.Read<FeatureStatistics>("reference-spatial"));
        if (Features is not null)
            Features = state.Read<FeatureBank>("reference-features");
    }

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state)
    {
        if (_input.Statistics is null)
        {
            _pool.Merge(state.Read<FeatureStatistics>("reference-pool"));
            _spatial.Merge(state.Read<FeatureStatistics>("reference-spatial"));
        }
        Features?.Merge(state.Read<FeatureBank>("reference-features"));
    }
}
