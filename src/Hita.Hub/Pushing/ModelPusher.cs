using System.Net;
using Hita.Runtime;

namespace Hita.Hub.Pushing;

/// <summary>Brings folders to the hub: one commit with everything, or none.</summary>
/// <param name="hub">The hub; its settings need a token that may write.</param>
public sealed class ModelPusher(HubClient hub)
{
    private HubSettings Settings => hub.Settings;

    /// <summary>Says what a push would do, and changes nothing. The files are read for their hashes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="target">The repository, the branch and a folder in it.</param>
    /// <param name="card">The model's page; null for the folder's own, or none.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HitaException">A file cannot be read, or the hub does not answer.</exception>
    public async Task<PushPlan> PlanAsync(PushFolder folder, HubReference target, ModelCard? card = null, CancellationToken cancellation = default) =>
        await PlanAsync(folder, target, Files(folder, target, card, []), cancellation).ConfigureAwait(false);

    /// <summary>As <see cref="PlanAsync(PushFolder, HubReference, ModelCard?, CancellationToken)"/>, with files besides.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="target">The repository, the branch and a folder in it.</param>
    /// <param name="card">The model's page; null for the folder's own, or none.</param>
    /// <param name="besides">Files that are not in the folder, such as samples made for the page.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HitaException">A file cannot be read, or the hub does not answer.</exception>
    public async Task<PushPlan> PlanAsync(PushFolder folder, HubReference target, ModelCard? card, IReadOnlyList<PushFile> besides, CancellationToken cancellation = default) =>
        await PlanAsync(folder, target, Files(folder, target, card, besides), cancellation).ConfigureAwait(false);

    /// <summary>
    /// Pushes a folder. Contents that the hub has are not sent again; if anything fails, nothing is committed, and what has arrived
    /// is not sent again the next time.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="target">The repository, which is made where it is not there, the branch, likewise, and a folder in it.</param>
    /// <param name="card">The model's page; null for the folder's own, or none.</param>
    /// <param name="besides">Files that are not in the folder, such as samples made for the page; null for none.</param>
    /// <param name="options">How; null for a public repository.</param>
    /// <param name="progress">Told about bytes as they are sent; may be null.</param>
    /// <param name="cancellation">Gives up; nothing is committed.</param>
    /// <exception cref="HubException">There is no token, it may not write there, or the hub does not answer.</exception>
    /// <exception cref="HitaException">A file cannot be read, or changes meanwhile.</exception>
    public async Task<PushReport> PushAsync(
        PushFolder folder, HubReference target, ModelCard? card = null, IReadOnlyList<PushFile>? besides = null, PushOptions? options = null,
        IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        var files = Files(folder, target, card, besides ?? []);
        options ??= new PushOptions();
        RequireOnline();
        if (Settings.Token is null)
            throw new HubException("A push needs an access token that may write: make one in the hub's settings, and put it into HF_TOKEN.", HttpStatusCode.Unauthorized);
        if (HubCache.IsCommit(target.Revision))
            throw new HubException($"{target.Revision} is a commit, which never changes; push to a branch.");
        var requests = new PushRequests(hub.Transport, Settings, target);
        var there = await new PushTarget(hub, requests, target, options.IsPrivate).ReadyAsync(cancellation).ConfigureAwait(false);
        var compared = await CompareAsync(files, there, cancellation).ConfigureAwait(false);
        var removed = Removed(files, there);
        var commit = new PushCommit(hub, requests, target);
        var (made, bytes) = compared.TrueForAll(static c => c.IsThere) && removed.Count == 0
            ? (there.Commit, 0L)
            : await commit.RunAsync(there, compared, removed, options.Message ?? "Push a model with hita", progress, cancellation).ConfigureAwait(false);
        return new PushReport(
            target.Repository, target.Revision, made, hub.Transport.Address(target.Repository), made != there.Commit, bytes, Listed(compared), removed, folder.LeftOut);
    }

    private async Task<PushPlan> PlanAsync(PushFolder folder, HubReference target, List<PushFile> files, CancellationToken cancellation)
    {
        RequireOnline();
        HubSnapshot? there;
        try
        {
            there = await hub.ListAsync(target, cancellation).ConfigureAwait(false);
        }
        catch (HubException e) when (e.Status is HttpStatusCode.NotFound || (e.Status is HttpStatusCode.Unauthorized && Settings.Token is null))
        {
            there = null;
        }
        var compared = await CompareAsync(files, there ?? new HubSnapshot("", []), cancellation).ConfigureAwait(false);
        return new PushPlan(there is not null, Listed(compared), there is null ? [] : Removed(files, there), folder.LeftOut);
    }

    private void RequireOnline()
    {
        if (Settings.IsOffline)
            throw new HubException("HF_HUB_OFFLINE is set, and a push needs the hub; unset it.");
    }

    private static List<PushFile> Files(PushFolder folder, HubReference target, ModelCard? card, IReadOnlyList<PushFile> besides)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(besides);
        List<PushFile> files = [.. folder.Files.Where(f => (card is null || f.Name != ModelCard.FileName) && !besides.Any(b => b.Name == f.Name)), .. besides];
        if (card is not null)
            files.Add(PushFile.Of(ModelCard.FileName, System.Text.Encoding.UTF8.GetBytes(card.Write(folder, target))));
        var root = target.Path.Length > 0 ? target.Path + "/" : "";
        return [.. files.Select(f => f.Under(root)).OrderBy(static f => f.Name, StringComparer.Ordinal)];
    }

    private static async Task<List<ComparedFile>> CompareAsync(List<PushFile> files, HubSnapshot there, CancellationToken cancellation)
    {
        var known = there.Files.ToDictionary(static f => f.Name, StringComparer.Ordinal);
        var compared = new List<ComparedFile>();
        foreach (var file in files)
        {
            var hashes = await file.HashAsync(static _ => { }, cancellation).ConfigureAwait(false);
            compared.Add(new ComparedFile(file, hashes, known.TryGetValue(file.Name, out var same) && same.Size == file.Size && hashes.IsOf(same)));
        }
        return compared;
    }

    // Parts of another model that would lie among this one's, such as the single file of weights that are in several now.
    private static List<string> Removed(List<PushFile> files, HubSnapshot there)
    {
        var names = files.Select(static f => f.Name).ToHashSet(StringComparer.Ordinal);
        var folders = names.Where(PushFolder.IsModelPart).Select(FolderOf).ToHashSet(StringComparer.Ordinal);
        return [.. there.Files.Select(static f => f.Name).Where(n => PushFolder.IsModelPart(n) && folders.Contains(FolderOf(n)) && !names.Contains(n)).Order(StringComparer.Ordinal)];
    }

    private static string FolderOf(string name) => name[..(name.LastIndexOf('/') + 1)];

    private static List<PushedFile> Listed(List<ComparedFile> files) => [.. files.Select(static f => new PushedFile(f.File.Name, f.File.Size, f.IsThere))];
}

/// <summary>A file beside what the repository has.</summary>
/// <param name="File">The file.</param>
/// <param name="Hashes">Its content's hashes.</param>
/// <param name="IsThere">Whether the repository has it.</param>
internal sealed record ComparedFile(PushFile File, ContentHashes Hashes, bool IsThere);
