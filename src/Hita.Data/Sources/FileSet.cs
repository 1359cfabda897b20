using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>Finds the files of a set that consists of several.</summary>
internal static class FileSet
{
    /// <summary>Where the hub's sets have their files, beside a description.</summary>
    private const string HubFolder = "data";

    private const int Named = 3;

    /// <summary>The files that a path stands for, in the order of their names.</summary>
    /// <param name="path">
    /// A file, a folder, a path whose last part has * or ? in it, or several of those: with {000..127} or {a,b} in it, or with
    /// commas between them, in which case the order is that of the names as written.
    /// </param>
    /// <param name="pattern">Which files of a folder are meant.</param>
    /// <param name="kind">What they are, for messages.</param>
    /// <exception cref="DataException">There is none, or one of several is not there.</exception>
    public static string[] Find(string path, string pattern, string kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
            return [Path.GetFullPath(path)];
        if (Directory.Exists(path) || !FilePatterns.Is(path))
            return FindOne(path, pattern, kind);
        var names = FilePatterns.Expand(path);
        if (names.Count == 0)
            throw new DataException(path, "this names no file.");
        string[] missing = [.. names.Where(static n => !IsPattern(n) && !File.Exists(n) && !Directory.Exists(n))];
        if (missing.Length > 0)
            throw new DataException(path, $"{missing.Length} of its {FolderSource.Counted(names.Count, "file")} {(missing.Length == 1 ? "is" : "are")} not there ({MessageText.Few(missing, Named)}); fetch {(missing.Length == 1 ? "it" : "them")} or name those that are.");
        // A file that is named twice is still one.
        return [.. names.SelectMany(n => FindOne(n, pattern, kind)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Whether a path has * or ? in its last part.</summary>
    public static bool IsPattern(string path) => Path.GetFileName(path.AsSpan()).ContainsAny('*', '?');

    /// <summary>The folder in which a folder's files of a kind lie: itself, or the one that the hub's sets have them in.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="pattern">Which files are meant.</param>
    /// <returns>Null where there are none.</returns>
    /// <exception cref="DataException">The folder may not be read.</exception>
    public static string? FolderOf(string folder, string pattern)
    {
        try
        {
            return Has(folder, pattern) ? folder : Path.Combine(folder, HubFolder) is var inner && Directory.Exists(inner) && Has(inner, pattern) ? inner : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotBeListed(folder, e);
        }
    }

    private static bool Has(string folder, string pattern) => Directory.EnumerateFiles(folder, pattern).Any(IsMeant);

    // Finder and others leave files such as ._shard.tar.
    private static bool IsMeant(string file) => !Path.GetFileName(file.AsSpan()).StartsWith('.');

    private static string[] FindOne(string path, string pattern, string kind)
    {
        try
        {
            if (File.Exists(path))
                return [Path.GetFullPath(path)];
            if (IsPattern(path))
            {
                var folder = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
                return NotNone(path, $"no file fits this pattern in {folder}.", Directory.Exists(folder) ? Directory.GetFiles(folder, Path.GetFileName(path)) : []);
            }
            if (!Directory.Exists(path))
                throw new DataException(path, "there is no such file or folder.");
            return NotNone(path, $"there are no {kind} in this folder ({pattern}).", FolderOf(path, pattern) is { } found ? Directory.GetFiles(found, pattern) : []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotBeListed(path, e);
        }
    }

    private static DataException CannotBeListed(string path, Exception e) => new(path, $"this cannot be listed: {SystemMessage.Of(e)}.", e);

    private static string[] NotNone(string path, string sentence, string[] found)
    {
        string[] files = [.. found.Where(IsMeant).Select(Path.GetFullPath).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new DataException(path, sentence);
    }
}
