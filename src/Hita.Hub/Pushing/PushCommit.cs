using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hita.Runtime;

namespace Hita.Hub.Pushing;

/// <summary>Sends what a repository lacks, and commits all of it in one step.</summary>
internal sealed class PushCommit(HubClient hub, PushRequests requests, HubReference target)
{
    private const int FilesOfOneQuestion = 200;
    private const int SampleBytes = 512;

    private string Place => $"api/models/{target.Repository}";

    private string Branch => Uri.EscapeDataString(target.Revision);

    /// <summary>Sends and commits.</summary>
    /// <returns>The commit, and the bytes that were sent.</returns>
    /// <exception cref="HitaException">Something is refused, or cannot be read; nothing is committed.</exception>
    public async Task<(string Commit, long Bytes)> RunAsync(
        HubSnapshot there, IReadOnlyList<ComparedFile> files, IReadOnlyList<string> removed, string message, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        List<ComparedFile> missing = [.. files.Where(static f => !f.IsThere)];
        var large = await FindLargeAsync(missing, cancellation).ConfigureAwait(false);
        var counted = new UploadProgress(progress, missing.DistinctBy(static f => f.Hashes.Sha256).Sum(static f => f.File.Size));
        List<(PushFile, string)> uploads = [.. missing.Where(f => large.Contains(f.File.Name)).Select(static f => (f.File, f.Hashes.Sha256))];
        var bytes = await new LargeUpload(hub.Transport, hub.Settings, target, requests).RunAsync(uploads, counted, cancellation).ConfigureAwait(false);
        var body = await BodyAsync(there, missing, large, removed, message, cancellation).ConfigureAwait(false);
        foreach (var file in missing)
            file.File.RequireUnchanged();
        var commit = await SendAsync(there, files, removed, body, cancellation).ConfigureAwait(false);
        foreach (var small in missing.Where(f => !large.Contains(f.File.Name)).DistinctBy(static f => f.Hashes.Sha256))
        {
            counted.Add(small.File.Name, small.File.Size);
            bytes += small.File.Size;
        }
        return (commit, bytes);
    }

    // Which files go by Git LFS; the hub decides.
    private async Task<HashSet<string>> FindLargeAsync(IReadOnlyList<ComparedFile> files, CancellationToken cancellation)
    {
        var large = new HashSet<string>(StringComparer.Ordinal);
        var ignored = new List<string>();
        foreach (var several in files.Chunk(FilesOfOneQuestion))
        {
            var list = new JsonArray();
            foreach (var file in several)
                list.Add(new JsonObject { ["path"] = file.File.Name, ["size"] = file.File.Size, ["sample"] = Convert.ToBase64String(await BeginningAsync(file.File, cancellation).ConfigureAwait(false)) });
            var answer = await requests.PostAsync($"{Place}/preupload/{Branch}", new JsonObject { ["files"] = list }, cancellation).ConfigureAwait(false);
            try
            {
                var modes = answer!["files"]!.AsArray().ToDictionary(static f => f!["path"]!.GetValue<string>(), static f => f!, StringComparer.Ordinal);
                foreach (var file in several)
                {
                    var mode = modes[file.File.Name];
                    if (mode["shouldIgnore"] is JsonValue ignore && ignore.GetValue<bool>())
                        ignored.Add(file.File.Name);
                    // Storage of large files takes no empty ones.
                    if (mode["uploadMode"]!.GetValue<string>() == "lfs" && file.File.Size > 0)
                        large.Add(file.File.Name);
                }
            }
            catch (Exception e) when (e is NullReferenceException or InvalidOperationException or KeyNotFoundException or ArgumentException or FormatException)
            {
                throw new HubException($"{hub.Settings.Endpoint.Host} does not say in a known form how the files of {target.Repository} are sent; nothing was committed.", inner: e);
            }
        }
        return ignored.Count == 0 ? large : throw new HubException($"The .gitignore of {target.Repository} leaves out {MessageText.Few(ignored)}, so that what is pushed would not be whole; take it out of there.");
    }

    private static async Task<byte[]> BeginningAsync(PushFile file, CancellationToken cancellation)
    {
        await using var stream = file.Open();
        var bytes = new byte[(int)Math.Min(SampleBytes, file.Size)];
        await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        return bytes;
    }

    // A JSON object a line.
    private static async Task<string> BodyAsync(
        HubSnapshot there, IReadOnlyList<ComparedFile> files, HashSet<string> large, IReadOnlyList<string> removed, string message, CancellationToken cancellation)
    {
        var body = new StringBuilder();
        // The parent keeps what others commit meanwhile from being overwritten, and this commit from being made twice.
        Add("header", new JsonObject { ["summary"] = message, ["description"] = "", ["parentCommit"] = there.Commit });
        foreach (var file in files)
        {
            if (large.Contains(file.File.Name))
            {
                Add("lfsFile", new JsonObject { ["path"] = file.File.Name, ["algo"] = "sha256", ["oid"] = file.Hashes.Sha256, ["size"] = file.File.Size });
                continue;
            }
            await using var stream = file.File.Open();
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, cancellation).ConfigureAwait(false);
            Add("file", new JsonObject { ["path"] = file.File.Name, ["encoding"] = "base64", ["content"] = Convert.ToBase64String(bytes.GetBuffer(), 0, (int)bytes.Length) });
        }
        foreach (var name in removed)
            Add("deletedFile", new JsonObject { ["path"] = name });
        return body.ToString();

        void Add(string key, JsonObject value) => body.Append(new JsonObject { ["key"] = key, ["value"] = value }.ToJsonString()).Append('\n');
    }

    private async Task<string> SendAsync(
        HubSnapshot there, IReadOnlyList<ComparedFile> files, IReadOnlyList<string> removed, string body, CancellationToken cancellation)
    {
        try
        {
            var answer = await requests.PostAsync(
                hub.Transport.Address($"{Place}/commit/{Branch}"), body, "application/x-ndjson", new Dictionary<string, string>(), cancellation).ConfigureAwait(false);
            return answer?["commitOid"]?.ToString() is { } commit && HubCache.IsCommit(commit)
                ? commit
                : throw new HubException($"{hub.Settings.Endpoint.Host} does not say what it committed; look at {target.Repository} there.");
        }
        catch (HubException e) when (e.Status is null or HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed or >= HttpStatusCode.InternalServerError)
        {
            // The answer may have been lost, and the commit be there.
            var now = await hub.ListAsync(target, cancellation).ConfigureAwait(false);
            var names = now.Files.ToDictionary(static f => f.Name, StringComparer.Ordinal);
            if (now.Commit != there.Commit && files.All(f => names.TryGetValue(f.File.Name, out var same) && same.Size == f.File.Size && f.Hashes.IsOf(same)) && !removed.Any(names.ContainsKey))
                return now.Commit;
            throw;
        }
    }
}
