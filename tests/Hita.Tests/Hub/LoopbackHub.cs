using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hita.Hub;
using Hita.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hita.Tests.Hub;

/// <summary>
/// A hub on this machine, with a second host for large files as the public one has. It answers as the public hub does, and does wrong
/// what a test asks for.
/// </summary>
internal sealed partial class LoopbackHub : IAsyncDisposable
{
    public const string Repository = "owner/name";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly WebApplication _hub;
    private readonly WebApplication _storage;
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, (byte[]? Bytes, string? Path, HubFile File)> _files = new(StringComparer.Ordinal);

    private LoopbackHub(string name)
    {
        Name = name;
        _hub = App();
        _storage = App();
        _hub.Run(AnswerAsync);
        _storage.Run(StoreAsync);
    }

    /// <summary>The repository that it has.</summary>
    public string Name { get; }

    /// <summary>What requests came, with the host (hub or storage), the path, the range and the token.</summary>
    public ConcurrentQueue<(string Host, string Path, string Range, string Token)> Requests { get; } = [];

    /// <summary>What the hub does with a request instead of answering it; returns whether it did.</summary>
    public Func<HttpContext, Task<bool>>? Fault { get; set; }

    /// <summary>The same for the host of large files.</summary>
    public Func<HttpContext, Task<bool>>? StorageFault { get; set; }

    /// <summary>The signature of addresses on the other host; those with an earlier one are refused there.</summary>
    public int Signature { get; set; } = 1;

    /// <summary>The token that the hub wants; null for none.</summary>
    public string? Token { get; set; }

    /// <summary>Whether the listing names wrong hashes.</summary>
    public bool HasWrongHashes { get; set; }

    /// <summary>The cache folder of <see cref="Settings"/>.</summary>
    public string Cache => _folder["cache"];

    public string this[string name] => _folder[name];

    /// <summary>Settings that lead here, quick to retry and with small ranges.</summary>
    public HubSettings Settings => new()
    {
        Endpoint = new Uri(Address(_hub)),
        CacheFolder = Cache,
        RetryDelay = TimeSpan.FromMilliseconds(10),
        RangeBytes = 64 << 10,
        StallTime = TimeSpan.FromSeconds(20),
    };

    public static async Task<LoopbackHub> Start(string name = Repository)
    {
        var hub = new LoopbackHub(name);
        await hub._hub.StartAsync(TestContext.Current.CancellationToken);
        await hub._storage.StartAsync(TestContext.Current.CancellationToken);
        return hub;
    }

    /// <summary>Adds a file; large ones come from the other host.</summary>
    public byte[] Add(string name, byte[] bytes, bool isLarge = true)
    {
        // The hub's own choice.
#pragma warning disable CA5350
        var git = SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {bytes.Length}\0"), .. bytes]);
#pragma warning restore CA5350
        _files[name] = (bytes, null, new HubFile(name, bytes.Length, Convert.ToHexStringLower(isLarge ? SHA256.HashData(bytes) : git)));
        return bytes;
    }

    /// <summary>Adds a file of the disk.</summary>
    public void AddFile(string name, string path)
    {
        using var stream = File.OpenRead(path);
        _files[name] = (null, path, new HubFile(name, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream))));
    }

    /// <summary>Random bytes.</summary>
    public static byte[] Random(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _storage.DisposeAsync();
        _folder.Dispose();
    }

    private static WebApplication App()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(static options => options.Limits.MaxRequestBodySize = null);
        return builder.Build();
    }

    private static string Address(WebApplication app) => app.Urls.First() + "/";

    private async Task AnswerAsync(HttpContext http)
    {
        Note("hub", http);
        if (Fault is { } fault && await fault(http))
            return;
        if (Token is { } token && http.Request.Headers.Authorization != $"Bearer {token}")
        {
            http.Response.StatusCode = 401;
            return;
        }
        var path = http.Request.Path.Value!;
        if (http.Request.Method == "POST")
            await WriteAsync(http, path);
        else if (Exists && path.StartsWith($"/api/models/{Name}/revision/", StringComparison.Ordinal))
            await ListAsync(http, path[$"/api/models/{Name}/revision/".Length..]);
        else if (path.StartsWith($"/{Name}/resolve/{Head}/", StringComparison.Ordinal) && _files.TryGetValue(path[$"/{Name}/resolve/{Head}/".Length..], out var file))
        {
            if (file.File.Hash.Length == 64)
                http.Response.Redirect($"{Address(_storage)}{file.File.Name}?signature={Signature}");
            else
                await Send(http, file.Bytes!);
        }
        else
        {
            http.Response.StatusCode = 404;
            http.Response.Headers["X-Error-Code"] = path.Contains("/resolve/", StringComparison.Ordinal) ? "EntryNotFound" : "RepoNotFound";
        }
    }

    private async Task StoreAsync(HttpContext http)
    {
        Note("storage", http);
        // As the request came: what is on its way while the signature changes is still served.
        var isSigned = http.Request.Query["signature"] == Signature.ToString(CultureInfo.InvariantCulture);
        if (StorageFault is { } fault && await fault(http))
            return;
        if (!isSigned)
        {
            http.Response.StatusCode = 403;
            return;
        }
        if (http.Request.Method == "PUT")
        {
            await StoreUploadAsync(http);
            return;
        }
        var (bytes, path, _) = _files[http.Request.Path.Value![1..]];
        if (path is null)
            await Send(http, bytes!);
        else
            await Results.File(path, enableRangeProcessing: true).ExecuteAsync(http);
    }

    private static Task Send(HttpContext http, byte[] bytes) => Results.Bytes(bytes, enableRangeProcessing: true).ExecuteAsync(http);

    private async Task ListAsync(HttpContext http, string revision)
    {
        if (Branches.Contains(revision) || revision == Head || revision == Commit)
        {
            await http.Response.WriteAsJsonAsync(Listing());
            return;
        }
        http.Response.StatusCode = 404;
        http.Response.Headers["X-Error-Code"] = "RevisionNotFound";
    }

    private object Listing() => new
    {
        sha = Head,
        @private = IsPrivate,
        siblings = _files.Values.Select(f => f.File.Hash.Length == 64
            ? (object)new { rfilename = f.File.Name, size = f.File.Size, blobId = new string('0', 40), lfs = new { size = f.File.Size, sha256 = HasWrongHashes ? new string('1', 64) : f.File.Hash } }
            : new { rfilename = f.File.Name, size = f.File.Size, blobId = f.File.Hash }),
    };

    private void Note(string host, HttpContext http) => Requests.Enqueue(
        (host, http.Request.Path.Value!, http.Request.Headers.Range.ToString(), http.Request.Headers.Authorization.ToString()));
}
