using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hita.Tests.Hub;

/// <summary>The part of the hub that is written to.</summary>
internal sealed partial class LoopbackHub
{
    private readonly Dictionary<string, byte[]> _stored = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _parts = new(StringComparer.Ordinal);

    /// <summary>Whether the repository is there.</summary>
    public bool Exists { get; set; } = true;

    /// <summary>Whether others do not see it.</summary>
    public bool IsPrivate { get; set; }

    /// <summary>Whether it makes a private repository when asked to.</summary>
    public bool KnowsPrivate { get; set; } = true;

    /// <summary>The commit of all branches.</summary>
    public string Head { get; set; } = Commit;

    /// <summary>The branches.</summary>
    public HashSet<string> Branches { get; } = ["main"];

    /// <summary>The messages of the commits that were made here.</summary>
    public List<string> Commits { get; } = [];

    /// <summary>Bytes of a part of large files; null to take them in one piece.</summary>
    public long? PartBytes { get; set; }

    /// <summary>Whether a file is left out by what the repository ignores.</summary>
    public Func<string, bool> Ignores { get; set; } = static _ => false;

    /// <summary>The files, by their names.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => _files.ToDictionary(static f => f.Key, static f => f.Value.Bytes!, StringComparer.Ordinal);

    /// <summary>Requests that brought a content.</summary>
    public int Uploads => Requests.Count(static r => r.Host == "storage" && r.Path.StartsWith("/upload/", StringComparison.Ordinal));

    private async Task WriteAsync(HttpContext http, string path)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync(http.RequestAborted);
        if (path == "/api/repos/create")
            await CreateAsync(http, JsonNode.Parse(body)!);
        else if (path.StartsWith($"/api/models/{Name}/branch/", StringComparison.Ordinal))
            Branches.Add(Uri.UnescapeDataString(path[$"/api/models/{Name}/branch/".Length..]));
        else if (path.StartsWith($"/api/models/{Name}/preupload/", StringComparison.Ordinal))
            await http.Response.WriteAsJsonAsync(Modes(JsonNode.Parse(body)!));
        else if (path == $"/{Name}.git/info/lfs/objects/batch")
            await http.Response.WriteAsJsonAsync(Places(JsonNode.Parse(body)!));
        else if (path == "/complete")
            Complete(http, JsonNode.Parse(body)!);
        else if (path == "/verify")
            http.Response.StatusCode = _stored.TryGetValue(JsonNode.Parse(body)!["oid"]!.GetValue<string>(), out var bytes) && bytes.Length == JsonNode.Parse(body)!["size"]!.GetValue<long>() ? 200 : 422;
        else if (path.StartsWith($"/api/models/{Name}/commit/", StringComparison.Ordinal))
            await CommitAsync(http, [.. body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => JsonNode.Parse(l)!)]);
        else
            http.Response.StatusCode = 404;
    }

    private async Task CreateAsync(HttpContext http, JsonNode body)
    {
        Assert.Equal(Name, $"{body["organization"]}/{body["name"]}");
        http.Response.StatusCode = Exists ? 409 : 200;
        if (!Exists)
            IsPrivate = KnowsPrivate && body["visibility"]?.ToString() == "private";
        Exists = true;
        await http.Response.WriteAsJsonAsync(new { url = "" });
    }

    private object Modes(JsonNode body) => new
    {
        files = body["files"]!.AsArray().Select(f => new
        {
            path = f!["path"]!.GetValue<string>(),
            uploadMode = f["path"]!.GetValue<string>().EndsWith(".safetensors", StringComparison.Ordinal) || f["path"]!.GetValue<string>().EndsWith(".png", StringComparison.Ordinal) ? "lfs" : "regular",
            shouldIgnore = Ignores(f["path"]!.GetValue<string>()),
        }),
    };

    private JsonObject Places(JsonNode body)
    {
        Assert.Equal("upload", body["operation"]!.GetValue<string>());
        var list = new JsonArray();
        foreach (var one in body["objects"]!.AsArray())
        {
            var (oid, size) = (one!["oid"]!.GetValue<string>(), one["size"]!.GetValue<long>());
            var answer = new JsonObject { ["oid"] = oid, ["size"] = size };
            if (!_stored.ContainsKey(oid))
                answer["actions"] = new JsonObject { ["upload"] = PlaceOf(oid, size), ["verify"] = new JsonObject { ["href"] = Address(_hub) + "verify" } };
            list.Add(answer);
        }
        return new JsonObject { ["transfer"] = "basic", ["objects"] = list };
    }

    private JsonObject PlaceOf(string oid, long size)
    {
        var place = $"{Address(_storage)}upload/{oid}";
        var signature = $"?signature={Signature}";
        if (PartBytes is not { } bytes || size <= bytes)
            return new JsonObject { ["href"] = place + signature, ["header"] = new JsonObject { ["X-Signed"] = "yes" } };
        var header = new JsonObject { ["chunk_size"] = bytes.ToString(CultureInfo.InvariantCulture) };
        // Not in their order: the keys are numbers, and objects have none.
        for (var part = (size + bytes - 1) / bytes; part > 0; part--)
            header[part.ToString(CultureInfo.InvariantCulture)] = $"{place}/{part}{signature}";
        return new JsonObject { ["href"] = Address(_hub) + "complete", ["header"] = header };
    }

    private async Task StoreUploadAsync(HttpContext http)
    {
        using var bytes = new MemoryStream();
        await http.Request.Body.CopyToAsync(bytes, http.RequestAborted);
        var names = http.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 2)
        {
            if (http.Request.Headers["X-Signed"] != "yes")
                http.Response.StatusCode = 400;
            else if (Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())) != names[1])
                http.Response.StatusCode = 422;
            else
                Store(names[1], bytes.ToArray());
            return;
        }
        lock (_parts)
            _parts[$"{names[1]}/{names[2]}"] = bytes.ToArray();
        http.Response.Headers.ETag = $"\"{names[2]}-{bytes.Length}\"";
    }

    private void Complete(HttpContext http, JsonNode body)
    {
        var oid = body["oid"]!.GetValue<string>();
        var parts = body["parts"]!.AsArray().Select(p => _parts[$"{oid}/{p!["partNumber"]}"]).ToList();
        var tags = body["parts"]!.AsArray().Select(static p => p!["etag"]!.GetValue<string>());
        Assert.Equal(parts.Select(static (p, i) => $"\"{i + 1}-{p.Length}\""), tags);
        byte[] whole = [.. parts.SelectMany(static p => p)];
        if (Convert.ToHexStringLower(SHA256.HashData(whole)) == oid)
            Store(oid, whole);
        else
            http.Response.StatusCode = 422;
    }

    private void Store(string oid, byte[] bytes)
    {
        lock (_stored)
            _stored[oid] = bytes;
    }

    private async Task CommitAsync(HttpContext http, List<JsonNode> lines)
    {
        Assert.Equal("header", lines[0]["key"]!.GetValue<string>());
        if (lines[0]["value"]!["parentCommit"]!.GetValue<string>() != Head)
        {
            http.Response.StatusCode = 412;
            await http.Response.WriteAsJsonAsync(new { error = "A commit has happened since." });
            return;
        }
        foreach (var (key, value) in lines.Skip(1).Select(static l => (l["key"]!.GetValue<string>(), l["value"]!)))
        {
            var name = value["path"]!.GetValue<string>();
            if (key == "deletedFile")
                _files.Remove(name);
            else if (key == "file")
                Add(name, Convert.FromBase64String(value["content"]!.GetValue<string>()), isLarge: false);
            else
                Add(name, _stored[value["oid"]!.GetValue<string>()]);
        }
        Commits.Add(lines[0]["value"]!["summary"]!.GetValue<string>());
        Head = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Head)))[..40];
        await http.Response.WriteAsJsonAsync(new { success = true, commitOid = Head, commitUrl = "" });
    }
}
