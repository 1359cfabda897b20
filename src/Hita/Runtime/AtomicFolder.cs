using System.Text.RegularExpressions;

namespace Hita.Runtime;

/// <summary>
/// A folder that appears under its name complete, or not at all: it is filled beside its place, flushed and renamed. Nothing
/// else in this library renames folders.
/// </summary>
/// <remarks>
/// What is not in its place has a name that begins with a dot, so that nothing takes it for a class, a model or a run. A folder in
/// its place takes two renames to replace; <see cref="CleanUp"/> puts the old one back where a process did not live to make the
/// second. Whoever begins the same folder anew does so too.
/// </remarks>
internal sealed partial class AtomicFolder : IDisposable
{
    private const string Unfinished = ".tmp";
    private const string Replaced = ".old";
    private const string Lock = ".lock";

    private readonly string _path;
    private readonly string _old;
    private readonly FileStream _held;
    private bool _done;

    /// <summary>Creates the folder to fill, and removes what a kill left of an earlier attempt at the same one.</summary>
    /// <param name="path">Where it will appear.</param>
    /// <exception cref="IOException">It cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be created.</exception>
    public AtomicFolder(string path)
    {
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var parent = Path.GetDirectoryName(_path) ?? throw new IOException("a whole drive cannot be replaced");
        var beside = Beside(_path, "");
        (StagingFolder, _old) = (beside + Unfinished, beside + Replaced);
        Directory.CreateDirectory(parent);
        CleanUpBefore(parent);
        // Tells other processes that somebody is at work here; it goes with this process, however that ends.
        _held = Hold(beside + Lock, FileMode.CreateNew);
        try
        {
            Directory.CreateDirectory(StagingFolder);
        }
        catch
        {
            _held.Dispose();
            throw;
        }
    }

    /// <summary>The folder to fill.</summary>
    public string StagingFolder { get; }

    /// <summary>Puts the folder in its place; one that was there before is replaced, and is still there where this fails.</summary>
    /// <exception cref="IOException">It cannot be put there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be put there.</exception>
    public void Complete()
    {
        DurableFolder.Flush(StagingFolder);
        var replaces = Directory.Exists(_path);
        if (replaces)
            Directory.Move(_path, _old);
        try
        {
            Directory.Move(StagingFolder, _path);
            _done = true;
        }
        finally
        {
            if (!_done && replaces)
                Directory.Move(_old, _path);
        }
        DurableFolder.Flush(Path.GetDirectoryName(_path)!);
        try
        {
            if (replaces)
                Directory.Delete(_old, recursive: true);
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
        _held.Dispose();
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

    /// <summary>Whether a name is that of a folder, or of its lock, that a process did not live to finish or to delete.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="name">How the name it was to get begins.</param>
    public static bool IsLeftOver(string path, string name) =>
        Aside().Match(Path.GetFileName(path)) is { Success: true } aside && aside.Groups["name"].Value.StartsWith(name, StringComparison.Ordinal);

    /// <summary>Removes what kills left unfinished, and puts back what they left between two names.</summary>
    /// <param name="parent">Where the folders lie.</param>
    /// <param name="isName">Whether a folder's name is one of those that are written there.</param>
    public static void CleanUp(string parent, Predicate<string> isName)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(parent).ToList())
        {
            var aside = Aside().Match(Path.GetFileName(entry));
            if (!aside.Success || !isName(aside.Groups["name"].Value) || IsHeld(entry))
                continue;
            var path = Path.Combine(parent, aside.Groups["name"].Value);
            if (!Directory.Exists(entry))
                File.Delete(entry);
            else if (aside.Groups["ending"].Value == Replaced && !Path.Exists(path))
                Directory.Move(entry, path);
            else
                Directory.Delete(entry, recursive: true);
        }
    }

    private void CleanUpBefore(string parent)
    {
        try
        {
            CleanUp(parent, n => n == Path.GetFileName(_path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A leftover does no harm; if nothing can be written here, the folder to fill says so.
        }
    }

    // Whether a process is at work on it, or may be.
    private static bool IsHeld(string path)
    {
        var file = Path.ChangeExtension(path, Lock);
        if (!File.Exists(file))
            return false;
        try
        {
            Hold(file, FileMode.Open).Dispose();
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static FileStream Hold(string path, FileMode mode) =>
        new(path, mode, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);

    private static string Beside(string path, string ending) =>
        Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{ending}");

    // Older versions put no dot before the name. A name without the 32 digits is somebody's own.
    [GeneratedRegex(@"\A\.?(?<name>.+)\.[0-9a-f]{32}(?<ending>\.tmp|\.old|\.lock)\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Aside();
}
