using System.Diagnostics;
using Hita.Hub;
using Hita.Runtime;
using Microsoft.AspNetCore.Http;

namespace Hita.Tests.Hub;

/// <summary>Fetching from a hub that does right and wrong.</summary>
public sealed class HubClientTests
{
    private const int Size = 1_000_003;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_lie_where_python_finds_them_and_are_not_fetched_twice()
    {
        await using var hub = await LoopbackHub.Start();
        var large = hub.Add("weights/model.safetensors", LoopbackHub.Random(Size));
        var small = hub.Add("config.json", "{}"u8.ToArray(), isLarge: false);
        using var client = new HubClient(hub.Settings);
        var reports = new List<HubProgress>();

        var files = await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["config.json", "weights/*"], new Told(reports.Add), Stop);

        Assert.Equal(["weights/model.safetensors", "config.json"], files.Select(static f => f.Name));
        Assert.Equal(large, await File.ReadAllBytesAsync(files[0].Path, Stop));
        Assert.Equal(small, await File.ReadAllBytesAsync(files[1].Path, Stop));
        var folder = Path.Combine(hub.Cache, "models--owner--name");
        Assert.Equal(LoopbackHub.Commit, await File.ReadAllTextAsync(Path.Combine(folder, "refs", "main"), Stop));
        Assert.Equal(Path.Combine(folder, "snapshots", LoopbackHub.Commit, "weights", "model.safetensors"), files[0].Path);
        Assert.StartsWith(Path.Combine("..", "..", "..", "blobs"), new FileInfo(files[0].Path).LinkTarget, StringComparison.Ordinal);
        Assert.Equal(new HubProgress("config.json", Size + 2, Size + 2), reports[^1]);
        Assert.Equal(reports.Select(static r => r.DoneBytes).Order(), reports.Select(static r => r.DoneBytes));
        // Several ranges, all of them from the other host.
        Assert.Equal(16, hub.Requests.Count(static r => r.Host == "storage"));

        hub.Requests.Clear();
        await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["weights/*"], null, Stop);
        Assert.DoesNotContain(hub.Requests, static r => r.Path.Contains("resolve", StringComparison.Ordinal));
        using var offline = new HubClient(hub.Settings with { IsOffline = true, Endpoint = new Uri("http://127.0.0.1:1/") });
        Assert.Equal(files[0].Path, (await offline.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["weights/*"], null, Stop))[0].Path);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_to_no_other_host()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Token = "secret";
        hub.Add("a.bin", LoopbackHub.Random(1000));
        using var client = new HubClient(hub.Settings with { Token = "secret" });
        await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        Assert.All(hub.Requests, static r => Assert.Equal(r.Host == "hub" ? "Bearer secret" : "", r.Token));
        Assert.Contains(hub.Requests, static r => r.Host == "storage");
    }

    [Fact]
    public async Task Connections_that_drop_are_taken_up_where_they_stopped()
    {
        await using var hub = await LoopbackHub.Start();
        var bytes = hub.Add("a.bin", LoopbackHub.Random(Size));
        var drops = 0;
        hub.StorageFault = async http =>
        {
            if (Interlocked.Increment(ref drops) % 2 == 0)
                return false;
            var from = From(http.Request.Headers.Range.ToString());
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes {from}-{Size - 1}/{Size}";
            http.Response.ContentLength = Size - from;
            await http.Response.Body.WriteAsync(bytes.AsMemory(from, Math.Min(1000, Size - from)), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            // What is still on its way would be lost with the connection.
            await Task.Delay(100, http.RequestAborted);
            http.Abort();
            return true;
        };
        using var client = new HubClient(hub.Settings);
        var files = await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(files[0].Path, Stop));
        Assert.Contains(hub.Requests, r => r.Range.Length > 0 && From(r.Range) % hub.Settings.RangeBytes == 1000);
    }

    [Fact]
    public async Task A_stopped_download_goes_on_later_from_what_is_there()
    {
        await using var hub = await LoopbackHub.Start();
        var bytes = hub.Add("a.bin", LoopbackHub.Random(Size));
        using var client = new HubClient(hub.Settings);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var told = new Told(p =>
        {
            if (p.DoneBytes > Size / 2)
                source.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], told, source.Token));
        var begun = new FileInfo(Assert.Single(Directory.GetFiles(Path.Combine(hub.Cache, "models--owner--name", "blobs")))).Length;
        Assert.InRange(begun, Size / 2, Size - 1);

        hub.Requests.Clear();
        var files = await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(files[0].Path, Stop));
        Assert.Contains(hub.Requests, r => r.Range.StartsWith($"bytes={begun}-", StringComparison.Ordinal));
        Assert.DoesNotContain(hub.Requests, static r => r.Range.StartsWith("bytes=0-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_beginning_that_is_not_the_files_is_thrown_away()
    {
        await using var hub = await LoopbackHub.Start();
        var bytes = hub.Add("a.bin", LoopbackHub.Random(Size));
        using var client = new HubClient(hub.Settings);
        var file = (await client.ListAsync(HubReference.Parse(LoopbackHub.Repository), Stop)).Files[0];
        var blobs = Directory.CreateDirectory(Path.Combine(hub.Cache, "models--owner--name", "blobs")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(blobs, $"{file.Hash}.incomplete"), LoopbackHub.Random(5000, seed: 2), Stop);
        var files = await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(files[0].Path, Stop));
    }

    [Fact]
    public async Task A_host_without_ranges_serves_too()
    {
        await using var hub = await LoopbackHub.Start();
        var bytes = hub.Add("a.bin", LoopbackHub.Random(200_000));
        hub.StorageFault = async http =>
        {
            http.Response.ContentLength = bytes.Length;
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
            return true;
        };
        using var client = new HubClient(hub.Settings);
        var files = await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(files[0].Path, Stop));
    }

    [Fact]
    public async Task Two_at_once_fetch_each_byte_once()
    {
        await using var hub = await LoopbackHub.Start();
        var bytes = hub.Add("a.bin", LoopbackHub.Random(Size));
        async Task<byte[]> Fetch()
        {
            using var client = new HubClient(hub.Settings);
            return await File.ReadAllBytesAsync((await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop))[0].Path, Stop);
        }
        var both = await Task.WhenAll(Task.Run(Fetch, Stop), Task.Run(Fetch, Stop));
        Assert.All(both, b => Assert.Equal(bytes, b));
        Assert.Equal(16, hub.Requests.Count(static r => r.Host == "storage"));
    }

    [Fact]
    public async Task A_body_that_stalls_is_asked_for_again()
    {
        await using var hub = await LoopbackHub.Start();
        var bytes = hub.Add("a.bin", LoopbackHub.Random(5000));
        var calls = 0;
        hub.StorageFault = async http =>
        {
            if (Interlocked.Increment(ref calls) > 1)
                return false;
            http.Response.ContentLength = 5000;
            http.Response.StatusCode = 206;
            await http.Response.Body.WriteAsync(bytes.AsMemory(0, 100), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return true;
        };
        using var client = new HubClient(hub.Settings with { StallTime = TimeSpan.FromMilliseconds(300) });
        var files = await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(files[0].Path, Stop));
        Assert.Contains(hub.Requests, static r => r.Range.StartsWith("bytes=100-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_hash_leaves_nothing_behind()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Add("a.bin", LoopbackHub.Random(5000));
        hub.HasWrongHashes = true;
        Assert.Equal("a.bin of owner/name arrived damaged: its hash is not the one that the hub names. It was thrown away; try again.", (await Fault(hub, "a.bin")).Message);
        Assert.All(Directory.GetFiles(Path.Combine(hub.Cache, "models--owner--name", "blobs")), static f => Assert.Equal(0, new FileInfo(f).Length));
    }

    [Theory]
    [InlineData(401, null, null, "is not on 127.0.0.1, or it is private: check the name, or put an access token into HF_TOKEN.")]
    [InlineData(401, null, "old", "refuses the token in HF_TOKEN")]
    [InlineData(403, "GatedRepo", null, "to those alone who accepted its terms")]
    [InlineData(403, null, "mine", "does not give owner/name to the owner of the token")]
    [InlineData(404, "RepoNotFound", "mine", "is not on 127.0.0.1; check the name")]
    [InlineData(404, "RevisionNotFound", null, "has no revision 'main'")]
    [InlineData(429, null, null, "has had too many requests from here; try again in a while, or with an access token")]
    [InlineData(503, null, null, "answered 503")]
    public async Task Refusals_are_told_in_a_sentence(int status, string? code, string? token, string expected)
    {
        await using var hub = await LoopbackHub.Start();
        hub.Fault = http =>
        {
            http.Response.StatusCode = status;
            if (code is not null)
                http.Response.Headers["X-Error-Code"] = code;
            return Task.FromResult(true);
        };
        Assert.Contains(expected, (await Fault(hub, "a.bin", token)).Message, StringComparison.Ordinal);
        Assert.Equal(status is 429 or 503 ? hub.Settings.Attempts : 1, hub.Requests.Count);
    }

    [Fact]
    public async Task A_hub_in_a_hurry_is_given_the_time_it_asks_for()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Add("a.bin", LoopbackHub.Random(10));
        var asked = 0;
        hub.Fault = http =>
        {
            if (Interlocked.Increment(ref asked) > 1)
                return Task.FromResult(false);
            http.Response.StatusCode = 429;
            http.Response.Headers.RetryAfter = "1";
            return Task.FromResult(true);
        };
        var started = Stopwatch.GetTimestamp();
        using var client = new HubClient(hub.Settings);
        await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromSeconds(0.95));
    }

    [Fact]
    public async Task Signed_addresses_that_run_out_are_asked_for_anew()
    {
        await using var hub = await LoopbackHub.Start();
        var bytes = hub.Add("a.bin", LoopbackHub.Random(Size));
        var asked = 0;
        hub.StorageFault = async http =>
        {
            // All connections find it together, as after a suspended machine wakes up.
            if (Interlocked.Increment(ref asked) == 9)
                hub.Signature = 2;
            await Task.Delay(50, http.RequestAborted);
            return false;
        };
        using var client = new HubClient(hub.Settings with { Attempts = 2 });
        var files = await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(files[0].Path, Stop));
    }

    [Fact]
    public async Task A_pattern_at_a_commit_means_what_the_hub_has()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Add("a.bin", LoopbackHub.Random(10));
        hub.Add("b.bin", LoopbackHub.Random(11));
        using var client = new HubClient(hub.Settings);
        var reference = new HubReference(LoopbackHub.Repository, LoopbackHub.Commit);
        Assert.Single(await client.FetchAsync(reference, ["a.bin"], null, Stop));
        Assert.Equal(2, (await client.FetchAsync(reference, ["*"], null, Stop)).Count);
    }

    [Fact]
    public async Task A_commit_that_was_listed_once_is_not_asked_for_again()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Add("a.bin", LoopbackHub.Random(10));
        hub.Add("b.bin", LoopbackHub.Random(11));
        using var client = new HubClient(hub.Settings);
        await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        hub.Requests.Clear();
        var reference = new HubReference(LoopbackHub.Repository, LoopbackHub.Commit);
        // What is missing of it is fetched all the same.
        Assert.Equal(["a.bin", "b.bin"], (await client.FetchAsync(reference, ["*"], null, Stop)).Select(static f => f.Name));
        Assert.DoesNotContain(hub.Requests, static r => r.Path.Contains("/revision/", StringComparison.Ordinal));
        hub.Requests.Clear();
        Assert.Equal(2, (await client.FetchAsync(reference, ["*.bin"], null, Stop)).Count);
        Assert.Empty(hub.Requests);
        await File.WriteAllTextAsync(Path.Combine(hub.Cache, "models--owner--name", "listings", $"{LoopbackHub.Commit}.json"), "{}", Stop);
        Assert.Equal(2, (await client.FetchAsync(reference, ["*.bin"], null, Stop)).Count);
        Assert.Single(hub.Requests);
    }

    [Fact]
    public async Task Without_a_network_the_cache_is_used_with_a_warning()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Add("a.bin", LoopbackHub.Random(10));
        using (var client = new HubClient(hub.Settings))
            await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a.bin"], null, Stop);
        foreach (var address in (string[])["http://127.0.0.1:1/", "http://no-such-host.invalid/"])
        {
            var warnings = new List<string>();
            // A wait would show: there is no retry.
            using var away = new HubClient(hub.Settings with { Endpoint = new Uri(address), RetryDelay = TimeSpan.FromMinutes(5) }) { OnWarning = warnings.Add };
            var files = await away.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["*.bin"], null, Stop);
            Assert.Equal("a.bin", Assert.Single(files).Name);
            Assert.Matches($"cannot be reached \\(.+\\); owner/name is used as it was last fetched, commit {LoopbackHub.Commit}\\.", Assert.Single(warnings));
        }
        using var other = new HubClient(hub.Settings with { Endpoint = new Uri("http://127.0.0.1:1/"), Attempts = 2 });
        await Assert.ThrowsAsync<HubException>(() => other.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["b.bin"], null, Stop));
        // A hub that answers is asked, whatever it says.
        hub.Fault = static http =>
        {
            http.Response.StatusCode = 404;
            return Task.FromResult(true);
        };
        await Fault(hub, "a.bin");
    }

    [Fact]
    public async Task A_revision_means_what_it_meant_until_all_is_there()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Add("a.bin", LoopbackHub.Random(10));
        hub.StorageFault = static http =>
        {
            http.Response.StatusCode = 410;
            return Task.FromResult(true);
        };
        await Fault(hub, "a.bin");
        Assert.False(File.Exists(Path.Combine(hub.Cache, "models--owner--name", "refs", "main")));
    }

    [Theory]
    [InlineData("../../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("a\\..\\b")]
    [InlineData("a//b")]
    [InlineData("C:evil")]
    [InlineData("a\u001b[2J")]
    public async Task Names_that_lead_out_of_the_repository_are_refused(string name)
    {
        await using var hub = await LoopbackHub.Start();
        hub.Add(name, LoopbackHub.Random(10));
        hub.Add("good.bin", LoopbackHub.Random(10));
        Assert.Contains("leads out of its folder", (await Fault(hub, "*")).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(hub.Cache, "models--owner--name", "snapshots")));
        using var client = new HubClient(hub.Settings);
        Assert.Single(await client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["good.bin"], null, Stop));
    }

    [Fact]
    public async Task Other_faults_name_the_thing_and_the_way_out()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Add("model.safetensors", LoopbackHub.Random(10));
        Assert.Equal("owner/name has no file model.safetensor at revision main; did you mean 'model.safetensors'?", (await Fault(hub, "model.safetensor")).Message);
        using var nobody = new HubClient(hub.Settings with { Endpoint = new Uri("http://127.0.0.1:1/"), Attempts = 2 });
        var fault = await Assert.ThrowsAsync<HubException>(() => nobody.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a"], null, Stop));
        Assert.StartsWith("127.0.0.1 gave no answer for owner/name (", fault.Message, StringComparison.Ordinal);
        using var offline = new HubClient(hub.Settings with { IsOffline = true });
        Assert.Contains("HF_HUB_OFFLINE is set", (await Assert.ThrowsAsync<HubException>(() => offline.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["a"], null, Stop))).Message, StringComparison.Ordinal);
        hub.Fault = static async http =>
        {
            await http.Response.WriteAsync("<html>");
            return true;
        };
        Assert.Contains("no list of files", (await Fault(hub, "a")).Message, StringComparison.Ordinal);
        hub.Fault = static http =>
        {
            http.Response.Redirect("ftp://example.org/");
            return Task.FromResult(true);
        };
        Assert.Contains("not secure", (await Fault(hub, "a")).Message, StringComparison.Ordinal);
        hub.Fault = static http =>
        {
            http.Response.Redirect(http.Request.Path);
            return Task.FromResult(true);
        };
        Assert.Contains("in a circle", (await Fault(hub, "a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_told_before_anything_is_fetched()
    {
        await using var hub = await LoopbackHub.Start();
        hub.Fault = static async http =>
        {
            await http.Response.WriteAsJsonAsync(new { sha = LoopbackHub.Commit, siblings = new[] { new { rfilename = "huge", size = 1L << 60, blobId = new string('a', 40) } } });
            return true;
        };
        using var client = new HubClient(hub.Settings);
        var fault = await Assert.ThrowsAsync<HitaException>(() => client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), ["huge"], null, Stop));
        Assert.Contains("are needed: make room there, or name another folder in HF_HOME", fault.Message, StringComparison.Ordinal);
    }

    private static int From(string range) => int.Parse(range["bytes=".Length..].Split('-')[0], System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<HubException> Fault(LoopbackHub hub, string file, string? token = null)
    {
        using var client = new HubClient(hub.Settings with { Token = token });
        return await Assert.ThrowsAsync<HubException>(() => client.FetchAsync(HubReference.Parse(LoopbackHub.Repository), [file], null, Stop));
    }

    private sealed class Told(Action<HubProgress> tell) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => tell(value);
    }
}
