using System.Text.Json;
using System.Text.RegularExpressions;
using Hita.Runtime;

namespace Hita.Hub;

/// <summary>Fetches files of repositories into the cache. Several processes may do so at once, and with Python's <c>huggingface_hub</c>.</summary>
public sealed class HubClient : IDisposable
{
    private const int MaxListingBytes = 64 << 20;

    private readonly HubTransport _transport;

    /// <summary>Creates a client.</summary>
    /// <param name="settings">The hub, the cache and the token.</param>
    public HubClient(HubSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Settings = settings;
        _transport = new HubTransport(settings);
    }

    /// <summary>The hub, the cache and the token.</summary>
    public HubSettings Settings { get; }

    /// <summary>Given a sentence where something was done otherwise than asked, such as files of the cache used because the hub cannot be reached; may be null.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Asks what a revision of a repository holds.</summary>
    /// <param name="reference">The repository and the revision.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HubException">There is no such thing, it is refused, or the hub does not answer.</exception>
    public Task<HubSnapshot> ListAsync(HubReference reference, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return ListAsync(reference, hasOther: false, cancellation);
    }

    // Where there is something to use instead, a network that is not there is not waited for.
    private async Task<HubSnapshot> ListAsync(HubReference reference, bool hasOther, CancellationToken cancellation)
    {
        if (Settings.IsOffline)
            throw new HubException($"HF_HUB_OFFLINE is set, and {reference} is not in {Settings.CacheFolder} as a whole; unset it to fetch.");
        var address = _transport.Address($"api/models/{reference.Repository}/revision/{Uri.EscapeDataString(reference.Revision)}?blobs=true");
        for (var failures = 1; ; failures++)
        {
            TimeSpan delay;
            try
            {
                var (answer, _) = await _transport.AskAsync(address, range: null, cancellation).ConfigureAwait(false);
                using (answer)
                {
                    if (answer.IsSuccessStatusCode)
                        return await ReadListingAsync(answer, reference, cancellation).ConfigureAwait(false);
                    if (!HubTransport.IsTransient(answer.StatusCode) || failures >= Settings.Attempts)
                        throw _transport.Fault(answer, reference, file: null);
                    delay = _transport.DelayAfter(failures, answer);
                }
            }
            catch (Exception e) when (HubTransport.IsTransient(e))
            {
                if (failures >= Settings.Attempts || (hasOther && HubTransport.IsAway(e)))
                    throw _transport.Unreachable(e, reference.Repository);
                delay = _transport.DelayAfter(failures, answer: null);
            }
            await Task.Delay(delay, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Fetches files, as far as they are not in the cache.</summary>
    /// <param name="reference">The repository and the revision.</param>
    /// <param name="names">Files, or patterns with <c>*</c> and <c>?</c>, in which <c>*</c> stands for slashes too.</param>
    /// <param name="progress">Told about bytes as they arrive; may be null.</param>
    /// <param name="cancellation">Gives up; what has arrived is kept, and the next call goes on from there.</param>
    /// <returns>The files, in the order of the repository.</returns>
    /// <exception cref="HubException">A file is not there, is refused, arrives damaged, or the hub does not answer.</exception>
    /// <exception cref="HitaException">The cache cannot be written, or its disk is too full.</exception>
    public async Task<IReadOnlyList<FetchedFile>> FetchAsync(
        HubReference reference, IReadOnlyList<string> names, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(names);
        return await FetchAsync(reference, _ => names, !names.Any(IsPattern), progress, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();

    /// <summary>What asks the hub.</summary>
    internal HubTransport Transport => _transport;

    /// <summary>Fetches the files that are chosen of a revision's; offline, of those in the cache. The hub is asked for its list once.</summary>
    /// <param name="reference">The repository and the revision.</param>
    /// <param name="choose">Given all names, gives the wanted ones.</param>
    /// <param name="progress">As for <see cref="FetchAsync(HubReference, IReadOnlyList{string}, IProgress{HubProgress}, CancellationToken)"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    internal async Task<IReadOnlyList<FetchedFile>> FetchChosenAsync(
        HubReference reference, Func<IEnumerable<string>, IReadOnlyList<string>> choose, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        return await FetchAsync(reference, choose, isByName: false, progress, cancellation).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<FetchedFile>> FetchAsync(
        HubReference reference, Func<IEnumerable<string>, IReadOnlyList<string>> choose, bool isByName, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var cache = new HubCache(Settings.CacheFolder, reference.Repository);
        var cached = FindCached(cache, reference, choose);
        // A commit never changes: what is there of it by name needs no question.
        if (cached is not null && (Settings.IsOffline || (isByName && HubCache.IsCommit(reference.Revision))))
            return cached;
        // Nor does what it holds, once the hub has said it.
        var snapshot = Settings.IsOffline ? null : cache.Listing(reference.Revision);
        try
        {
            snapshot ??= await ListAsync(reference, cached is not null, cancellation).ConfigureAwait(false);
        }
        catch (HubException e) when (cached is not null && e.InnerException is { } cause && HubTransport.IsAway(cause))
        {
            OnWarning?.Invoke($"{Settings.Endpoint.Host} cannot be reached ({SystemMessage.Of(cause.InnerException ?? cause)}); {reference} is used as it was last fetched, commit {cache.Commit(reference.Revision)}.");
            return cached;
        }
        return await FetchListedAsync(reference, cache, snapshot, choose(snapshot.Files.Select(static f => f.Name)), progress, cancellation).ConfigureAwait(false);
    }

    // What of the cache is meant, as far as the cache can tell; null where something is not there.
    private static List<FetchedFile>? FindCached(HubCache cache, HubReference reference, Func<IEnumerable<string>, IReadOnlyList<string>> choose)
    {
        try
        {
            return cache.Commit(reference.Revision) is { } commit ? FindAll(cache, reference, choose(Cached(cache.Snapshot(commit)))) : null;
        }
        catch (HubException)
        {
            // Nothing in the cache is what is wanted.
            return null;
        }
    }

    private async Task<IReadOnlyList<FetchedFile>> FetchListedAsync(
        HubReference reference, HubCache cache, HubSnapshot snapshot, IReadOnlyList<string> names, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var wanted = Wanted(snapshot, reference, names);
        try
        {
            var fetched = await FetchAsync(reference, cache, snapshot.Commit, wanted, progress, cancellation).ConfigureAwait(false);
            // Last: until all is there, the revision means what it meant, for those who are offline.
            cache.SetCommit(reference.Revision, snapshot.Commit);
            cache.SetListing(snapshot);
            return fetched;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !HubTransport.IsTransient(e))
        {
            throw new HitaException(
                $"{Settings.CacheFolder}, where files of the hub are kept, cannot be written: {DiskFault.Reason(e)}; make room there, or name another folder in HF_HOME.", e);
        }
    }

    private async Task<IReadOnlyList<FetchedFile>> FetchAsync(
        HubReference reference, HubCache cache, string commit, IReadOnlyList<HubFile> wanted, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var missing = wanted.Where(f => !File.Exists(cache.Blob(f))).DistinctBy(static f => f.Hash).ToList();
        CheckSpace(cache, missing);
        var total = missing.Sum(static f => f.Size);
        long before = 0;
        foreach (var file in missing)
        {
            var begun = before;
            var download = new BlobDownload(_transport, Settings, reference, file, cache);
            await download.RunAsync(commit, done => progress?.Report(new HubProgress(file.Name, begun + done, total)), cancellation).ConfigureAwait(false);
            before += file.Size;
        }
        return [.. wanted.Select(f => new FetchedFile(f.Name, cache.Link(commit, f)))];
    }

    private static List<FetchedFile>? FindAll(HubCache cache, HubReference reference, IReadOnlyList<string> names)
    {
        if (cache.Commit(reference.Revision) is not { } commit)
            return null;
        var files = new List<FetchedFile>();
        foreach (var name in names)
        {
            // What a pattern stands for only the hub knows; offline it stands for what is there.
            var matching = IsPattern(name) ? Cached(cache.Snapshot(commit)).Where(f => Matches(f, name)).ToList() : [name];
            if (matching.Count == 0 || matching.Exists(f => !File.Exists(cache.Pointer(commit, f))))
                return null;
            files.AddRange(matching.Select(f => new FetchedFile(f, cache.Pointer(commit, f))));
        }
        return files;
    }

    private static IEnumerable<string> Cached(string snapshot) => !Directory.Exists(snapshot) ? [] : Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(snapshot, f).Replace(Path.DirectorySeparatorChar, '/'))
        .Order(StringComparer.Ordinal);

    private static List<HubFile> Wanted(HubSnapshot snapshot, HubReference reference, IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            if (!snapshot.Files.Any(f => Matches(f.Name, name)))
            {
                throw new HubException(
                    $"{reference.Repository} has no file {PrintableText.Escape(name)} at revision {reference.Revision}{NearestName.Hint(name, snapshot.Files.Select(static f => f.Name))}",
                    System.Net.HttpStatusCode.NotFound);
            }
        }
        List<HubFile> wanted = [.. snapshot.Files.Where(f => names.Any(n => Matches(f.Name, n)))];
        // Names and hashes become paths here.
        if (wanted.Find(static f => !f.IsSafe) is { } odd)
            throw new HubException($"{reference.Repository} has a file '{PrintableText.Escape(odd.Name)}', whose name leads out of its folder or cannot be a file's here; name the files that are wanted.");
        return wanted;
    }

    private static bool IsPattern(string name) => name.Contains('*', StringComparison.Ordinal) || name.Contains('?', StringComparison.Ordinal);

    private static bool Matches(string file, string name) => file == name || (IsPattern(name) && Regex.IsMatch(
        file, "^" + Regex.Escape(name).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal) + "$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));

    private void CheckSpace(HubCache cache, IReadOnlyList<HubFile> missing)
    {
        var needed = missing.Sum(f => f.Size - BlobDownload.Arrived(cache, f));
        Directory.CreateDirectory(Path.Combine(cache.Folder, "blobs"));
        if (needed == 0)
            return;
        if (FreeSpace(cache.Folder) is { } free && free < needed)
        {
            throw new HitaException(
                $"{Settings.CacheFolder}, where files of the hub are kept, has {SystemMessage.Size(free)} free, and {SystemMessage.Size(needed)} are needed: make room there, or name another folder in HF_HOME.");
        }
    }

    private static long? FreeSpace(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (ArgumentException)
        {
            // A folder of another machine on Windows, which has no drive.
            return null;
        }
    }

    private async Task<HubSnapshot> ReadListingAsync(HttpResponseMessage answer, HubReference reference, CancellationToken cancellation)
    {
        try
        {
            await _transport.InTimeAsync(
                async stop =>
                {
                    await answer.Content.LoadIntoBufferAsync(MaxListingBytes, stop).ConfigureAwait(false);
                    return true;
                },
                cancellation).ConfigureAwait(false);
            using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
            var commit = json.RootElement.GetProperty("sha").GetString() ?? "";
            if (!HubCache.IsCommit(commit))
                throw new JsonException("no commit");
            var files = json.RootElement.GetProperty("siblings").EnumerateArray().Select(Read).ToList();
            return new HubSnapshot(commit, files, json.RootElement.TryGetProperty("private", out var hidden) && hidden.ValueKind is JsonValueKind.True or JsonValueKind.False ? hidden.GetBoolean() : null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new HubException($"{Settings.Endpoint.Host} answered for {reference.Repository} with something that is no list of files; check HF_ENDPOINT.", answer.StatusCode, e);
        }
    }

    private static HubFile Read(JsonElement file)
    {
        var name = file.GetProperty("rfilename").GetString() ?? "";
        return file.TryGetProperty("lfs", out var large) && large.ValueKind == JsonValueKind.Object
            ? new HubFile(name, large.GetProperty("size").GetInt64(), large.GetProperty("sha256").GetString() ?? "")
            : new HubFile(name, file.GetProperty("size").GetInt64(), file.GetProperty("blobId").GetString() ?? "");
    }
}
