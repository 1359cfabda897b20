using System.Text.Json;
using System.Text.RegularExpressions;
using Hita.Runtime;

namespace Hita.Hub;

/// <summary>
/// A repository's folder in the cache: <c>blobs</c> holds contents by their hashes, <c>snapshots</c> the files of a commit as links to
/// them, <c>refs</c> the commits of branches and tags. It is the layout of Python's <c>huggingface_hub</c>, which shares it.
/// </summary>
internal sealed partial class HubCache
{
    private readonly string _root;
    private readonly string _name;

    /// <summary>The cache of a repository; nothing is made yet.</summary>
    public HubCache(string cacheFolder, string repository)
    {
        _root = Path.GetFullPath(cacheFolder);
        _name = $"models--{repository.Replace("/", "--", StringComparison.Ordinal)}";
        Folder = Path.Combine(_root, _name);
    }

    /// <summary>The repository's folder.</summary>
    public string Folder { get; }

    /// <summary>Where a content lies, or will.</summary>
    public string Blob(HubFile file) => Path.Combine(Folder, "blobs", file.Hash);

    /// <summary>The file that one process holds while it fetches a content.</summary>
    public string Lock(HubFile file) => Path.Combine(_root, ".locks", _name, $"{file.Hash}.lock");

    /// <summary>The folder of a commit's files.</summary>
    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    /// <summary>Where a commit's file lies, or will.</summary>
    public string Pointer(string commit, string name) => Path.Combine(Snapshot(commit), name.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>The commit of a revision as it was last seen; null where it never was.</summary>
    public string? Commit(string revision)
    {
        if (CommitForm().IsMatch(revision) && Directory.Exists(Snapshot(revision)))
            return revision;
        var path = Path.Combine(Folder, "refs", revision);
        return File.Exists(path) && File.ReadAllText(path).Trim() is var commit && CommitForm().IsMatch(commit) ? commit : null;
    }

    /// <summary>Notes the commit of a revision.</summary>
    public void SetCommit(string revision, string commit)
    {
        if (revision == commit || Commit(revision) == commit)
            return;
        var path = Path.Combine(Folder, "refs", revision);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.WriteText(path, commit);
    }

    /// <summary>
    /// What the hub said that a commit holds; null where it was never asked, or what is there is damaged. A commit never changes, and
    /// what is in its snapshot may be a part of it. Python's client has nothing like it, and leaves the folder alone.
    /// </summary>
    public HubSnapshot? Listing(string commit)
    {
        try
        {
            return CommitForm().IsMatch(commit) && File.Exists(ListingOf(commit)) && JsonSerializer.Deserialize<HubSnapshot>(File.ReadAllText(ListingOf(commit))) is { Files: not null } listing && listing.Commit == commit
                ? listing
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps what the hub said that a commit holds.</summary>
    public void SetListing(HubSnapshot snapshot)
    {
        if (File.Exists(ListingOf(snapshot.Commit)))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(ListingOf(snapshot.Commit))!);
        AtomicFile.WriteText(ListingOf(snapshot.Commit), JsonSerializer.Serialize(snapshot));
    }

    /// <summary>Makes a commit's file of a content that is there: a link, or a copy where links are not possible.</summary>
    /// <returns>Its path.</returns>
    public string Link(string commit, HubFile file)
    {
        var path = Pointer(commit, file.Name);
        if (File.Exists(path))
            return path;
        var folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        // Relative, so that the cache can be moved.
        var target = Path.GetRelativePath(folder, Blob(file));
        try
        {
            // A link to a content that is no longer there is in the way.
            File.Delete(path);
            File.CreateSymbolicLink(path, target);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process has made it meanwhile.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && OperatingSystem.IsWindows())
        {
            // Links are for administrators and developers there. Renamed when it is whole, as a half one would be taken for the file.
            var copy = path + ".incomplete";
            File.Copy(Blob(file), copy, overwrite: true);
            AtomicFile.Rename(copy, path);
        }
        return path;
    }

    private string ListingOf(string commit) => Path.Combine(Folder, "listings", $"{commit}.json");

    /// <summary>Whether a text is a commit.</summary>
    public static bool IsCommit(string text) => CommitForm().IsMatch(text);

    [GeneratedRegex("^[0-9a-f]{40}$", RegexOptions.CultureInvariant)]
    private static partial Regex CommitForm();
}
