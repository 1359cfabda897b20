namespace Hita.Studio.Settings;

/// <summary>What the studio shows besides the server's models, and how much it keeps.</summary>
public sealed class StudioOptions
{
    /// <summary>A folder whose sub-folders are training runs, or that is one itself; null for none. Default null.</summary>
    public string? RunsFolder { get; set; }

    /// <summary>Visitors whose galleries are kept at once; the one that was away longest makes room. Default 64.</summary>
    public int MaxSessions { get; set; } = 64;

    /// <summary>Images that a visitor's gallery holds; the oldest make room. Default 300.</summary>
    public int MaxGalleryImages { get; set; } = 300;

    /// <summary>Bytes that a visitor's gallery may take; the oldest images make room. Default 64 MiB.</summary>
    public long MaxGalleryBytes { get; set; } = 64 << 20;

    /// <summary>Time after which the gallery of a visitor who is away is forgotten. Default 12 hours.</summary>
    public TimeSpan SessionTime { get; set; } = TimeSpan.FromHours(12);
}
