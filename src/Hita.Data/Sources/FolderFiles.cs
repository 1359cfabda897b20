using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>Lists the image files of a folder.</summary>
internal static class FolderFiles
{
    private static readonly EnumerationOptions Below = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = false,
        // A link to a folder above would never end.
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
    };

    private static readonly EnumerationOptions Here = new() { AttributesToSkip = FileAttributes.Hidden | FileAttributes.System };

    /// <summary>All images in a folder and below it, as paths relative to it, in the order of their names.</summary>
    /// <exception cref="DataException">A folder may not be read.</exception>
    public static List<string> Images(string folder) => Guarded(folder, () =>
    {
        var found = Directory.EnumerateFiles(folder, "*", Below).Where(IsImage).Concat(LinkedFiles(folder));
        return Sorted(found.Select(path => Path.GetRelativePath(folder, path)));
    });

    /// <summary>The images that lie in a folder itself.</summary>
    public static int CountHere(string folder) => Guarded(folder, () => Directory.EnumerateFiles(folder, "*", Here).Count(IsImage));

    /// <summary>The folders in a folder, in the order of their names.</summary>
    public static List<string> Folders(string folder) => Guarded(folder, () =>
        Sorted(Directory.EnumerateDirectories(folder, "*", Here).Select(static path => Path.GetFileName(path))));

    /// <summary>Whether any image lies in a folder or below it.</summary>
    public static bool HasImage(string folder) => Guarded(folder, () =>
        Directory.EnumerateFiles(folder, "*", Below).Any(IsImage) || LinkedFiles(folder).Any());

    // Sets of images are often folders of links to files; those are followed, links to folders below are not.
    private static IEnumerable<string> LinkedFiles(string folder) =>
        Directory.EnumerateFiles(folder, "*", Here).Where(static path => IsImage(path) && File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint));

    // Finder and others leave files such as ._photo.jpg, which are no images.
    private static bool IsImage(string path) =>
        ImageDecoder.HasImageExtension(path) && !Path.GetFileName(path.AsSpan()).StartsWith('.');

    private static List<string> Sorted(IEnumerable<string> names)
    {
        var sorted = names.ToList();
        sorted.Sort(StringComparer.Ordinal);
        return sorted;
    }

    private static TResult Guarded<TResult>(string folder, Func<TResult> list)
    {
        try
        {
            return list();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DataException(folder, $"part of this folder may not be read ({e.Message.TrimEnd('.')}); check the permissions.", e);
        }
        catch (IOException e)
        {
            throw new DataException(folder, $"this folder cannot be listed: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
