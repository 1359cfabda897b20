using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Puts an image file in its place in one step, with plain errors.</summary>
internal static class ImageFile
{
    // The errors of a full disk: ENOSPC and EDQUOT as Linux and macOS number them, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
    private static readonly int[] FullDisk = [28, 69, 122, unchecked((int)0x80070070), unchecked((int)0x80070027)];

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
        var temporary = Path.Combine(folder, $".{Path.GetRandomFileName()}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                write(stream);
            File.Move(temporary, full, overwrite: true);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ImageException(path, "The folder or the file in its place is read-only; choose another place.", e);
        }
        catch (IOException e)
        {
            throw new ImageException(
                path,
                FullDisk.Contains(e.HResult)
                    ? "The disk is full; free some space or choose another place."
                    : $"The file cannot be written: {SystemMessage.Of(e)}.",
                e);
        }
        finally
        {
            Remove(temporary);
        }
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What went wrong before matters more than the leftover.
        }
    }
}
