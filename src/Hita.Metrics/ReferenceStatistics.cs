using Hita.Metrics.Archives;
using Hita.Metrics.Networks;
using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>
/// The published form of a reference: an <c>.npz</c> with <c>mu</c> and <c>sigma</c> of the pool features, for FID, and
/// <c>mu_s</c> and <c>sigma_s</c> of the spatial ones, for sFID.
/// </summary>
public sealed class ReferenceStatistics
{
    /// <summary>Joins the two.</summary>
    /// <param name="pool">Of the pool features.</param>
    /// <param name="spatial">Of the spatial features; null where there are none.</param>
    public ReferenceStatistics(FeatureDistribution pool, FeatureDistribution? spatial)
    {
        ArgumentNullException.ThrowIfNull(pool);
        (Pool, Spatial) = (pool, spatial);
    }

    /// <summary>Of the pool features.</summary>
    public FeatureDistribution Pool { get; }

    /// <summary>Of the spatial features; null where the archive has none, and then there is no sFID.</summary>
    public FeatureDistribution? Spatial { get; }

    /// <summary>Whether an archive holds statistics; one that does not may hold images to compute them from.</summary>
    /// <param name="path">The archive.</param>
    /// <exception cref="ArchiveException">It cannot be opened or is no archive.</exception>
    public static bool AreIn(string path)
    {
        using var archive = NpzReader.Open(path);
        return archive.Has("mu") && archive.Has("sigma");
    }

    /// <summary>Reads an archive.</summary>
    /// <param name="path">The archive.</param>
    /// <exception cref="HitaException">It cannot be opened, lacks the statistics, or they are damaged.</exception>
    public static ReferenceStatistics Load(string path)
    {
        using var archive = NpzReader.Open(path);
        var pool = Read(archive, "mu", "sigma", InceptionFeatures.PoolWidth);
        var spatial = archive.Has("mu_s") || archive.Has("sigma_s") ? Read(archive, "mu_s", "sigma_s", InceptionFeatures.SpatialWidth) : null;
        return new ReferenceStatistics(pool, spatial);
    }

    /// <summary>Writes an archive that the published evaluator reads.</summary>
    /// <param name="path">Where it will appear.</param>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public void Save(string path)
    {
        using var archive = new NpzWriter(path);
        foreach (var (suffix, statistics) in new[] { ("", Pool), ("_s", Spatial) })
        {
            if (statistics is null)
                continue;
            archive.Write("mu" + suffix, statistics.Mean, statistics.Width);
            archive.Write("sigma" + suffix, statistics.Covariance, statistics.Width, statistics.Width);
        }
        archive.Complete();
    }

    private static FeatureDistribution Read(NpzReader archive, string mean, string covariance, int width)
    {
        var values = archive.ReadDoubles(mean, [width]);
        try
        {
            return new FeatureDistribution(values, archive.ReadDoubles(covariance, [width, width]));
        }
        catch (HitaException e) when (e is not ArchiveException)
        {
            throw new ArchiveException(archive.Path, e.Message, e);
        }
    }
}
