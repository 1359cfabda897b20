using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>Finds the files of a set that consists of several.</summary>
internal static class FileSet
{
    /// <summary>The files that a path stands for, in the order of their names.</summary>
    /// <param name="path">A file, a folder, or a path whose last part has * or ? in it.</param>
    /// <param name="pattern">Which files of a folder are meant.</param>
    /// <param name="kind">What they are, for messages.</param>
    /// <exception cref="DataException">There is none.</exception>
    public static string[] Find(string path, string pattern, string kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
            return [Path.GetFullPath(path)];
        var name = Path.GetFileName(path);
        try
        {
            if (name.AsSpan().ContainsAny('*', '?'))
            {
                var folder = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
                return NotNone(path, $"no file fits this pattern in {folder}.", Directory.Exists(folder) ? Directory.GetFiles(folder, name) : []);
            }
            if (!Directory.Exists(path))
                throw new DataException(path, "there is no such file or folder.");
            return NotNone(path, $"there are no {kind} in this folder ({pattern}).", Directory.GetFiles(path, pattern));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"this cannot be listed: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static string[] NotNone(string path, string sentence, string[] found)
    {
        // Finder and others leave files such as ._shard.tar.
        string[] files = [.. found.Where(static f => !Path.GetFileName(f.AsSpan()).StartsWith('.')).Select(Path.GetFullPath).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new DataException(path, sentence);
    }
}
