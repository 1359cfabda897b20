using System.IO.Enumeration;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>Lists the image files of a folder, and counts what is left out.</summary>
internal sealed class FolderFiles
{
    private const int Named = 3;

    /// <summary>What stands in a name for bytes that are no text. Nothing can be opened by such a name.</summary>
    private const char Unreadable = '\uFFFD';

    private static readonly EnumerationOptions Below = new() { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = 0 };

    private static readonly EnumerationOptions Here = new() { IgnoreInaccessible = false, AttributesToSkip = 0 };

    private readonly string _root;
    private readonly List<string> _nameless = [];
    private readonly List<string> _links = [];

    /// <summary>Begins a list.</summary>
    /// <param name="root">The folder of the set, for messages.</param>
    public FolderFiles(string root) => _root = root;

    /// <summary>Images of kinds that are not read.</summary>
    public OtherEndings Others { get; } = new();

    /// <summary>All images in a folder and below it, as paths relative to it, in the order of their names.</summary>
    /// <exception cref="DataException">A folder may not be read.</exception>
    public List<string> Images(string folder) => Guarded(folder, () => Sorted(Walk(folder, Below).Select(path => Path.GetRelativePath(folder, path))));

    /// <summary>The images that lie in a folder itself.</summary>
    public int CountHere(string folder) => Guarded(folder, () => Walk(folder, Here).Count());

    /// <summary>The folders in a folder, in the order of their names; hidden ones are left out.</summary>
    public List<string> Folders(string folder) => Guarded(folder, () => Sorted(new FileSystemEnumerable<string>(folder, static (ref e) => e.FileName.ToString(), Here)
    {
        ShouldIncludePredicate = (ref e) => e.IsDirectory && !IsHidden(ref e) && CanBeReached(ref e, folder),
    }));

    /// <summary>Whether any image lies in a folder or below it.</summary>
    public static bool HasImage(string folder) => new FolderFiles(folder) is var files && Guarded(folder, () => files.Walk(folder, Below).Any());

    /// <summary>The sentences about what was left out.</summary>
    public IEnumerable<string> Notes()
    {
        if (Others.Note(_root) is { } others)
            yield return others;
        if (_nameless.Count > 0)
            yield return $"{_root}: {FolderSource.Counted(_nameless.Count, "file or folder", "files or folders")} with {(_nameless.Count == 1 ? "a name that is not UTF-8 is" : "names that are not UTF-8 are")} left out ({MessageText.Few(_nameless, Named)}); give {(_nameless.Count == 1 ? "it another name" : "them other names")}.";
        if (_links.Count > 0)
            yield return $"{_root}: {FolderSource.Counted(_links.Count, "link")} to {(_links.Count == 1 ? "a folder is" : "folders are")} not followed ({MessageText.Few(_links, Named)}).";
    }

    private FileSystemEnumerable<string> Walk(string folder, EnumerationOptions options) => new(folder, static (ref e) => e.ToFullPath(), options)
    {
        ShouldIncludePredicate = (ref e) => !e.IsDirectory && !IsHidden(ref e) && IsImage(ref e) && CanBeReached(ref e, _root),
        ShouldRecursePredicate = (ref e) => !IsHidden(ref e) && IsNoLink(ref e) && CanBeReached(ref e, _root),
    };

    // Finder and others leave files such as ._photo.jpg, which are no images, and programs folders of copies (.ipynb_checkpoints).
    private static bool IsHidden(ref FileSystemEntry entry) =>
        entry.FileName.StartsWith('.') || (entry.Attributes & (FileAttributes.Hidden | FileAttributes.System)) != 0;

    private bool IsImage(ref FileSystemEntry entry)
    {
        var name = entry.FileName.ToString();
        if (ImageDecoder.HasImageExtension(name))
            return true;
        Others.Add(name);
        return false;
    }

    // A link to a folder above would never end.
    private bool IsNoLink(ref FileSystemEntry entry)
    {
        if ((entry.Attributes & FileAttributes.ReparsePoint) == 0)
            return true;
        _links.Add(Path.GetRelativePath(_root, entry.ToFullPath()));
        return false;
    }

    private bool CanBeReached(ref FileSystemEntry entry, string root)
    {
        if (!entry.FileName.Contains(Unreadable) || Path.Exists(entry.ToFullPath()))
            return true;
        _nameless.Add(Path.GetRelativePath(root, entry.ToFullPath()));
        return false;
    }

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
            throw new DataException(folder, $"part of this folder may not be read ({SystemMessage.Of(e)}); check the permissions.", e);
        }
        catch (IOException e)
        {
            throw new DataException(folder, $"this folder cannot be listed: {SystemMessage.Of(e)}.", e);
        }
    }
}
