using System.Globalization;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>Counts files that are images by their names, of kinds that are not read.</summary>
internal sealed class OtherEndings
{
    private static readonly HashSet<string> Known = new(
        [
            ".tif", ".tiff", ".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".jpx", ".jxr", ".psd", ".svg", ".ico", ".tga", ".exr", ".hdr",
            ".ppm", ".pgm", ".pbm", ".pnm", ".pcx", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf",
        ],
        StringComparer.OrdinalIgnoreCase);

    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>How many there are.</summary>
    public int Count => _counts.Values.Sum();

    /// <summary>Counts a file if it is one.</summary>
    public void Add(string name)
    {
        var ending = Path.GetExtension(name);
        if (Known.Contains(ending))
            _counts[ending.ToLowerInvariant()] = _counts.GetValueOrDefault(ending.ToLowerInvariant()) + 1;
    }

    /// <summary>The sentence about them; null where there are none.</summary>
    public string? Note(string path) => Count == 0
        ? null
        : $"{path}: {FolderSource.Counted(Count, "file")} of kinds that are not read {(Count == 1 ? "is" : "are")} left out ({Kinds}); turn {(Count == 1 ? "it" : "them")} into PNG or JPEG to use {(Count == 1 ? "it" : "them")}.";

    /// <summary>Each ending with its number, the most frequent first.</summary>
    public string Kinds => MessageText.Few(
        [.. _counts.OrderByDescending(static c => c.Value).Select(static c => string.Create(CultureInfo.InvariantCulture, $"{c.Value} {c.Key}"))], 8);
}
