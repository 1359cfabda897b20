using System.Text.Json.Nodes;
using Hita.Runtime;

namespace Hita.Hub.Pushing;

/// <summary>
/// Brings the contents of large files to where the hub wants them, by the protocol of Git LFS. Nothing of it shows in the repository
/// until it is committed, and a content that has arrived stays there: a later push does not send it again.
/// </summary>
internal sealed class LargeUpload(HubTransport transport, HubSettings settings, HubReference target, PushRequests requests)
{
    private const string LargeType = "application/vnd.git-lfs+json";
    private const int FilesOfOneQuestion = 100;
    private static readonly Dictionary<string, string> LargeHeaders = new() { ["Accept"] = LargeType };

    /// <summary>Uploads what the hub has not.</summary>
    /// <param name="files">The files, with the hashes of their contents.</param>
    /// <param name="progress">Counts.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Bytes that were sent.</returns>
    /// <exception cref="HitaException">The hub refuses one, does not answer, or a file cannot be read.</exception>
    public async Task<long> RunAsync(IReadOnlyList<(PushFile File, string Hash)> files, UploadProgress progress, CancellationToken cancellation)
    {
        long sent = 0;
        foreach (var several in files.DistinctBy(static f => f.Hash).Chunk(FilesOfOneQuestion))
        {
            var places = await AskAsync(several, cancellation).ConfigureAwait(false);
            foreach (var (file, hash) in several)
            {
                if (places[hash] is { } place)
                {
                    await UploadAsync(file, hash, place, progress, cancellation).ConfigureAwait(false);
                    sent += file.Size;
                }
                else
                {
                    progress.Add(file.Name, file.Size);
                }
            }
        }
        return sent;
    }

    private async Task<Dictionary<string, UploadPlace?>> AskAsync(IReadOnlyList<(PushFile File, string Hash)> files, CancellationToken cancellation)
    {
        var question = new JsonObject
        {
            ["operation"] = "upload",
            ["transfers"] = new JsonArray("basic", "multipart"),
            ["hash_algo"] = "sha256",
            ["ref"] = new JsonObject { ["name"] = target.Revision },
            ["objects"] = new JsonArray([.. files.Select(static f => new JsonObject { ["oid"] = f.Hash, ["size"] = f.File.Size })]),
        };
        var answer = await requests.PostAsync(
            transport.Address($"{target.Repository}.git/info/lfs/objects/batch"), question.ToJsonString(), LargeType, LargeHeaders, cancellation).ConfigureAwait(false);
        try
        {
            var objects = answer!["objects"]!.AsArray().ToDictionary(static o => o!["oid"]!.GetValue<string>(), static o => o!.AsObject(), StringComparer.Ordinal);
            var places = new Dictionary<string, UploadPlace?>(StringComparer.Ordinal);
            foreach (var (file, hash) in files)
            {
                if (objects[hash]["error"] is { } error)
                    throw new HubException($"{settings.Endpoint.Host} refuses {PrintableText.Escape(file.Name)}: '{MessageText.Short(error["message"]?.ToString() ?? "")}'; nothing was committed.");
                places[hash] = UploadPlace.Read(objects[hash], settings.Endpoint, file.Size);
            }
            return places;
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or ArgumentException)
        {
            throw new HubException($"{settings.Endpoint.Host} does not say in a known form where the files of {target.Repository} go; nothing was committed.", inner: e);
        }
    }

    private async Task UploadAsync(PushFile file, string hash, UploadPlace? place, UploadProgress progress, CancellationToken cancellation)
    {
        for (var tries = 1; place is not null; tries++)
        {
            try
            {
                if (place.PartBytes is { } partBytes)
                    await UploadPartsAsync(file, hash, place, partBytes, progress, cancellation).ConfigureAwait(false);
                else
                    await PutAsync(file, place.Address, place.Headers, (0, file.Size), progress, cancellation).ConfigureAwait(false);
                if (place.Check is { } check)
                    await requests.PostAsync(check, new JsonObject { ["oid"] = hash, ["size"] = file.Size }.ToJsonString(), LargeType, place.CheckHeaders, cancellation).ConfigureAwait(false);
                return;
            }
            catch (StalePlaceException e) when (tries < settings.Attempts)
            {
                // Addresses are signed and run out; the first new one is asked for at once.
                await Task.Delay(tries == 1 ? TimeSpan.Zero : transport.DelayAfter(tries - 1, answer: null), cancellation).ConfigureAwait(false);
                progress.Add(file.Name, -e.Undone);
                place = (await AskAsync([(file, hash)], cancellation).ConfigureAwait(false))[hash];
            }
            catch (StalePlaceException e)
            {
                throw new HubException($"{e.Host}, where {settings.Endpoint.Host} sends large files, refuses {PrintableText.Escape(file.Name)} with {e.Status}; nothing was committed: push again later.", (System.Net.HttpStatusCode)e.Status);
            }
        }
    }

    private async Task UploadPartsAsync(PushFile file, string hash, UploadPlace place, long partBytes, UploadProgress progress, CancellationToken cancellation)
    {
        var tags = new string[place.Parts.Count];
        long done = 0;
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, tags.Length),
                new ParallelOptions { MaxDegreeOfParallelism = settings.Connections, CancellationToken = cancellation },
                async (part, stop) =>
                {
                    var from = part * partBytes;
                    var length = Math.Min(partBytes, file.Size - from);
                    tags[part] = await PutAsync(file, place.Parts[part], new Dictionary<string, string>(), (from, length), progress, stop).ConfigureAwait(false)
                        ?? throw new HubException($"{place.Parts[part].Host} took a part of {PrintableText.Escape(file.Name)} without a receipt; nothing was committed.");
                    Interlocked.Add(ref done, length);
                }).ConfigureAwait(false);
        }
        catch (StalePlaceException e)
        {
            // New addresses belong to a new upload, which knows nothing of the parts that were sent.
            throw new StalePlaceException(e.Host, e.Status) { Undone = done };
        }
        var list = new JsonArray([.. tags.Select(static (tag, i) => new JsonObject { ["partNumber"] = i + 1, ["etag"] = tag })]);
        await requests.PostAsync(place.Address, new JsonObject { ["oid"] = hash, ["parts"] = list }.ToJsonString(), LargeType, Merged(place.Headers), cancellation).ConfigureAwait(false);
    }

    private static Dictionary<string, string> Merged(IReadOnlyDictionary<string, string> headers) => new(headers, StringComparer.OrdinalIgnoreCase) { ["Accept"] = LargeType };

    // Gives the receipt of what was stored, where the host writes one.
    private async Task<string?> PutAsync(
        PushFile file, Uri address, IReadOnlyDictionary<string, string> headers, (long From, long Length) range, UploadProgress progress, CancellationToken cancellation)
    {
        for (var failures = 1; ; failures++)
        {
            TimeSpan delay;
            long moved = 0;
            var arrived = false;
            try
            {
                using var answer = await transport.SendAsync(HttpMethod.Put, address, Body, headers, cancellation).ConfigureAwait(false);
                arrived = answer.IsSuccessStatusCode;
                if (arrived)
                    return answer.Headers.TryGetValues("ETag", out var tags) ? tags.First() : null;
                if (!HubTransport.IsTransient(answer.StatusCode))
                    throw new StalePlaceException(address.Host, (int)answer.StatusCode);
                if (failures >= settings.Attempts)
                    throw await requests.FaultAsync(answer, cancellation).ConfigureAwait(false);
                delay = transport.DelayAfter(failures, answer);
            }
            catch (Exception e) when (HubTransport.IsTransient(e))
            {
                if (failures >= settings.Attempts)
                    throw requests.Unreachable(e);
                delay = transport.DelayAfter(failures, answer: null);
            }
            finally
            {
                if (!arrived)
                    progress.Add(file.Name, -moved);
            }
            await Task.Delay(delay, cancellation).ConfigureAwait(false);

            FilePart Body(Action isAlive)
            {
                // A redirection sends the body again.
                progress.Add(file.Name, -moved);
                moved = 0;
                return new FilePart(file, range.From, range.Length, count =>
                {
                    moved += count;
                    progress.Add(file.Name, count);
                    isAlive();
                });
            }
        }
    }

    private sealed class StalePlaceException(string host, int status) : Exception($"{host} answered {status}")
    {
        public string Host { get; } = host;

        public int Status { get; } = status;

        /// <summary>Bytes that were counted, and have to be sent again.</summary>
        public long Undone { get; init; }
    }
}
