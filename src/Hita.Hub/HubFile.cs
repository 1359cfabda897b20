using System.Text.RegularExpressions;

namespace Hita.Hub;

/// <summary>A file of a repository.</summary>
/// <param name="Name">Its path in the repository, with slashes.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Hash">Large files: the SHA-256 of the content; small ones: the hash that git gives it (SHA-1). In hexadecimal.</param>
public sealed partial record HubFile(string Name, long Size, string Hash)
{
    /// <summary>Whether the name stays inside the repository on every system, and the hash is one: both become paths here.</summary>
    internal bool IsSafe => Size >= 0 && Digits().IsMatch(Hash) && Name.Length is > 0 and <= 1024 && !Name.Contains('\\', StringComparison.Ordinal) &&
        !Name.Contains(':', StringComparison.Ordinal) && !Name.Any(char.IsControl) && Name.Split('/').All(static part => part is not ("" or "." or ".."));

    [GeneratedRegex("^([0-9a-f]{40}|[0-9a-f]{64})$", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();
}

/// <summary>A file that has been fetched.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Path">Where it lies here; in most places a link into the cache.</param>
public sealed record FetchedFile(string Name, string Path);

/// <summary>A revision of a repository.</summary>
/// <param name="Commit">The commit, 40 hexadecimal digits.</param>
/// <param name="Files">Its files.</param>
/// <param name="IsPrivate">Whether the repository is hidden from others; null where the hub does not say.</param>
public sealed record HubSnapshot(string Commit, IReadOnlyList<HubFile> Files, bool? IsPrivate = null);

/// <summary>How far a download or an upload has come.</summary>
/// <param name="File">The file that bytes last moved for; several are moved one after the other.</param>
/// <param name="DoneBytes">Bytes that are where they belong, of all files.</param>
/// <param name="TotalBytes">Bytes of all files.</param>
public sealed record HubProgress(string File, long DoneBytes, long TotalBytes);
