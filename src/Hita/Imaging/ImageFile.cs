using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Puts an image file in its place in one step, with plain errors.</summary>
internal static class ImageFile
{
    /// <summary>Writes a file beside its place and renames it.</summary>
    /// <param name="path">The place.</param>
    /// <param name="write">Writes the contents.</param>
    /// <exception cref="ImageException">The place cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full);
        if (Directory.Exists(full))
            throw new ImageException(path, "There is a folder of this name; choose another name.");
        if (folder is null || !Directory.Exists(folder))
            throw new ImageException(path, $"The folder {folder} does not exist; create it first.");
        AtomicFile.Write(path, write, Explain);
    }

    private static Exception Explain(string path, Exception thrown) => thrown switch
    {
        UnauthorizedAccessException => new ImageException(path, "The folder or the file in its place is read-only; choose another place.", thrown),
        IOException when DiskFault.IsFull(thrown) => new ImageException(path, "The disk is full; free some space or choose another place.", thrown),
        IOException => new ImageException(path, $"The file cannot be written: {DiskFault.Reason(thrown)}.", thrown),
        _ => thrown,
    };
}
