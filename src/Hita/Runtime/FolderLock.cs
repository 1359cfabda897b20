namespace Hita.Runtime;

/// <summary>Holds a folder for one process, by a file in it that is there no longer than it is held.</summary>
/// <remarks>
/// The file is removed while it is still locked, and .NET looks after locking whether the file it holds is the one under the name,
/// and opens it anew where it is not. It does so for just this mode, share and option together: with others, two processes could
/// hold two files that had the same name.
/// </remarks>
internal sealed class FolderLock : IDisposable
{
    /// <summary>The file's name.</summary>
    public const string FileName = ".lock";

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Takes a folder, and creates it where it is new.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The lock; null where another process holds it.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static FolderLock? TryTake(string folder)
    {
        var path = Path.Combine(folder, FileName);
        for (var again = true; ; again = false)
        {
            try
            {
                Directory.CreateDirectory(folder);
                return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose));
            }
            catch (IOException) when (again && !File.Exists(path))
            {
                // Whoever held it has let go of it meanwhile, perhaps with the folder.
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException) && File.Exists(path))
            {
                return null;
            }
        }
    }

    /// <summary>Lets other processes in.</summary>
    public void Dispose() => _file.Dispose();
}
