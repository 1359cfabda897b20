namespace Hita.Runtime;

/// <summary>
/// A folder that appears under its name complete, or not at all: it is filled beside its place, flushed and renamed. Nothing
/// else in this library renames folders.
/// </summary>
/// <remarks>
/// A folder in its place takes two renames to replace; <see cref="CleanUp"/> puts the old one back where a process did not live
/// to make the second.
/// </remarks>
internal sealed class AtomicFolder : IDisposable
{
    private const string Unfinished = ".tmp";
    private const string Replaced = ".old";

    private readonly string _path;
    private bool _done;

    /// <summary>Creates the folder to fill.</summary>
    /// <param name="path">Where it will appear.</param>
    /// <exception cref="IOException">It cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be created.</exception>
    public AtomicFolder(string path)
    {
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        StagingFolder = Beside(_path, Unfinished);
        Directory.CreateDirectory(StagingFolder);
    }

    /// <summary>The folder to fill.</summary>
    public string StagingFolder { get; }

    /// <summary>Puts the folder in its place; one that was there before is replaced, and is still there where this fails.</summary>
    /// <exception cref="IOException">It cannot be put there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be put there.</exception>
    public void Complete()
    {
        DurableFolder.Flush(StagingFolder);
        var old = Directory.Exists(_path) ? Beside(_path, Replaced) : null;
        if (old is not null)
            Directory.Move(_path, old);
        try
        {
            Directory.Move(StagingFolder, _path);
            _done = true;
        }
        finally
        {
            if (!_done && old is not null)
                Directory.Move(old, _path);
        }
        DurableFolder.Flush(Path.GetDirectoryName(_path)!);
        try
        {
            if (old is not null)
                Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The new folder is in its place: a leftover of the old one is no reason to call it unwritten.
        }
    }

    /// <summary>Removes the unfinished folder, if <see cref="Complete"/> was not called.</summary>
    public void Dispose()
    {
        try
        {
            if (!_done && Directory.Exists(StagingFolder))
                Directory.Delete(StagingFolder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What made the writing fail has been reported; a leftover does no harm.
        }
    }

    /// <summary>Deletes a folder. It is renamed first: half of it must never bear its name.</summary>
    /// <param name="path">The folder.</param>
    public static void Remove(string path)
    {
        var aside = Beside(path, Unfinished);
        Directory.Move(path, aside);
        Directory.Delete(aside, recursive: true);
    }

    /// <summary>Gives a folder a name that nothing looks for, such as one that is damaged; what has that name already is deleted.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="ending">What is appended to its name.</param>
    public static void SetAside(string path, string ending)
    {
        if (Directory.Exists(path + ending))
            Directory.Delete(path + ending, recursive: true);
        Directory.Move(path, path + ending);
    }

    /// <summary>Whether a folder is one that a process did not live to finish or to delete.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="name">How the name it was to get begins.</param>
    public static bool IsLeftOver(string path, string name)
    {
        var own = Path.GetFileName(path);
        return own.EndsWith(Unfinished, StringComparison.Ordinal) && own.StartsWith(name, StringComparison.Ordinal);
    }

    /// <summary>Removes what a kill left unfinished, and puts back what it left between two names.</summary>
    /// <param name="parent">Where the folders lie.</param>
    /// <param name="name">How their names begin.</param>
    public static void CleanUp(string parent, string name)
    {
        foreach (var left in Directory.EnumerateDirectories(parent, $"{name}*{Unfinished}").ToList())
            Directory.Delete(left, recursive: true);
        foreach (var old in Directory.EnumerateDirectories(parent, $"{name}*{Replaced}").ToList())
        {
            // The folder's name, without the number and the ending.
            var path = Path.ChangeExtension(Path.ChangeExtension(old, null), null);
            if (Directory.Exists(path))
                Directory.Delete(old, recursive: true);
            else
                Directory.Move(old, path);
        }
    }

    private static string Beside(string path, string ending) => $"{path}.{Guid.NewGuid():N}{ending}";
}
