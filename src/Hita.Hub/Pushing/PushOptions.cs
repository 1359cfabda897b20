namespace Hita.Hub.Pushing;

/// <summary>How a folder is pushed.</summary>
public sealed record PushOptions
{
    /// <summary>The commit's message; null for one that names the program.</summary>
    public string? Message { get; init; }

    /// <summary>Whether a repository that is made for it is hidden from others; one that is there and is public is then refused. Default false.</summary>
    public bool IsPrivate { get; init; }
}

/// <summary>A file of a push.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="IsThere">Whether the repository has it already, with the same content: then it is not sent.</param>
public sealed record PushedFile(string Name, long Size, bool IsThere);

/// <summary>What a push would do.</summary>
/// <param name="Exists">Whether the repository is there; false also where it cannot be seen without a token.</param>
/// <param name="Files">The files.</param>
/// <param name="Removed">Parts of an earlier model in the same place that this one does not have.</param>
/// <param name="LeftOut">What of the folder stays.</param>
public sealed record PushPlan(bool Exists, IReadOnlyList<PushedFile> Files, IReadOnlyList<string> Removed, IReadOnlyList<string> LeftOut);

/// <summary>What a push did.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Revision">The branch.</param>
/// <param name="Commit">The commit that holds the files: a new one, or the one before where nothing was new.</param>
/// <param name="Address">The repository's page.</param>
/// <param name="IsNew">Whether there is a new commit.</param>
/// <param name="UploadedBytes">Bytes of files that were sent.</param>
/// <param name="Files">The files.</param>
/// <param name="Removed">Parts of an earlier model that were removed.</param>
/// <param name="LeftOut">What of the folder stays.</param>
public sealed record PushReport(
    string Repository, string Revision, string Commit, Uri Address, bool IsNew, long UploadedBytes,
    IReadOnlyList<PushedFile> Files, IReadOnlyList<string> Removed, IReadOnlyList<string> LeftOut);
