using Hita.Hub;
using Hita.Hub.Pushing;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Hita.Tests.Hub;

/// <summary>Pushing to a hub that does right and wrong.</summary>
public sealed class ModelPusherTests : IDisposable
{
    private const string Token = "secret";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static HubReference Target => HubReference.Parse(LoopbackHub.Repository);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(1L << 20)]
    public async Task What_is_pushed_is_pulled_with_equal_bytes_and_not_sent_twice(long? partBytes)
    {
        await using var hub = await Hub();
        hub.Exists = false;
        hub.PartBytes = partBytes;
        var folder = PushFolder.Open(Pipeline());
        var reports = new List<HubProgress>();

        var report = await Push(hub, folder, progress: new DirectProgress<HubProgress>(reports.Add));

        Assert.True(report.IsNew);
        Assert.Equal(hub.Head, report.Commit);
        Assert.Equal(["Push a model with hita"], hub.Commits);
        Assert.Equal(partBytes is null ? 2 : 4 + 7, hub.Uploads);
        Assert.Equal(reports.Select(static r => r.DoneBytes).Order(), reports.Select(static r => r.DoneBytes));
        Assert.Equal((report.UploadedBytes, report.UploadedBytes), (reports[^1].DoneBytes, reports[^1].TotalBytes));
        using var client = new HubClient(hub.Settings with { Token = Token, RangeBytes = 1 << 20 });
        var pulled = await new HubModels(client).LocateAsync($"hf:{LoopbackHub.Repository}", null, Stop);
        foreach (var file in folder.Files.Where(static f => f.Name != ModelCard.FileName))
            Assert.Equal(await File.ReadAllBytesAsync(file.Path!, Stop), await File.ReadAllBytesAsync(Path.Combine(pulled, file.Name), Stop));
        using (var pipeline = ImagePipeline.Load(pulled))
            Assert.Equal(64, pipeline.Width);

        hub.Requests.Clear();
        var again = await Push(hub, folder);
        Assert.Equal((false, 0L, hub.Head), (again.IsNew, again.UploadedBytes, again.Commit));
        Assert.All(again.Files, static f => Assert.True(f.IsThere));
        Assert.Single(hub.Requests);
        Assert.Single(hub.Commits);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(100_000L)]
    public async Task The_token_goes_to_the_hub_and_to_no_other_host(long? partBytes)
    {
        await using var hub = await Hub();
        hub.PartBytes = partBytes;
        await Push(hub, PushFolder.Open(Pipeline()));
        Assert.All(hub.Requests, static r => Assert.Equal(r.Host == "hub" ? $"Bearer {Token}" : "", r.Token));
        Assert.Contains(hub.Requests, static r => r.Host == "storage");
    }

    [Fact]
    public async Task A_private_repository_is_made_so_and_a_public_one_gets_nothing()
    {
        await using var hub = await Hub();
        hub.Exists = false;
        await Push(hub, PushFolder.Open(Pipeline()), new PushOptions { IsPrivate = true, Message = "first" });
        Assert.True(hub.IsPrivate);
        Assert.Equal(["first"], hub.Commits);

        await using var open = await Hub();
        (open.Exists, open.KnowsPrivate) = (false, false);
        var fault = await Assert.ThrowsAsync<HubException>(() => Push(open, PushFolder.Open(Pipeline()), new PushOptions { IsPrivate = true }));
        Assert.Contains("owner/name is public, and --private was asked for; nothing was sent", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, open.Uploads);
    }

    [Theory]
    [InlineData("revision", 401, "refuses the token in HF_TOKEN: it is wrong or has run out")]
    [InlineData("create", 401, "refuses the token in HF_TOKEN: it is wrong or has run out")]
    [InlineData("create", 403, "does not let the owner of the token in HF_TOKEN write to owner/name ('no rights here')")]
    [InlineData("create", 404, "has no place for owner/name at main")]
    [InlineData("preupload", 403, "use a token with permission to write, or another owner than owner")]
    [InlineData("preupload", 429, "push again in a while: what has arrived there is not sent again")]
    [InlineData("batch", 507, "has no room left for owner/name ('no rights here'); nothing was committed.")]
    [InlineData("commit", 403, "does not let the owner of the token")]
    [InlineData("commit", 409, "owner/name has been changed by somebody else meanwhile ('no rights here'); nothing was committed: push again.")]
    [InlineData("commit", 400, "refuses the push to owner/name with 400 ('no rights here'); nothing was committed.")]
    [InlineData("commit", 503, "answered 503 for owner/name ('no rights here'); nothing was committed")]
    public async Task Refusals_are_told_in_a_sentence_and_nothing_is_committed(string at, int status, string expected)
    {
        await using var hub = await Hub();
        hub.Exists = at != "create";
        var refused = 0;
        hub.Fault = async http =>
        {
            if (!http.Request.Path.Value!.Contains($"/{at}", StringComparison.Ordinal))
                return false;
            refused++;
            http.Response.StatusCode = status;
            await http.Response.WriteAsJsonAsync(new { error = "no rights here" });
            return true;
        };
        var fault = await Assert.ThrowsAsync<HubException>(() => Push(hub, PushFolder.Open(Pipeline())));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Equal(status is 429 or 503 or 507 ? hub.Settings.Attempts : 1, refused);
        Assert.Empty(hub.Commits);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1L << 20)]
    public async Task Connections_that_drop_are_taken_up_again(long? partBytes)
    {
        await using var hub = await Hub();
        hub.PartBytes = partBytes;
        var calls = 0;
        hub.StorageFault = async http =>
        {
            if (Interlocked.Increment(ref calls) % 2 == 0)
                return false;
            await http.Request.Body.ReadExactlyAsync(new byte[100_000], http.RequestAborted);
            http.Abort();
            return true;
        };
        var reports = new List<HubProgress>();
        var report = await Push(hub, PushFolder.Open(Pipeline()), progress: new DirectProgress<HubProgress>(reports.Add));
        Assert.True(report.IsNew);
        Assert.Equal(report.UploadedBytes, reports[^1].DoneBytes);
        Assert.All(reports, static r => Assert.InRange(r.DoneBytes, 0, r.TotalBytes));
    }

    [Fact]
    public async Task A_push_that_failed_goes_on_where_it_was()
    {
        await using var hub = await Hub();
        var folder = PushFolder.Open(Pipeline());
        var calls = 0;
        hub.StorageFault = http =>
        {
            var refuses = Interlocked.Increment(ref calls) > 1;
            if (refuses)
                http.Response.StatusCode = 500;
            return Task.FromResult(refuses);
        };
        Assert.Contains("answered 500", (await Assert.ThrowsAsync<HubException>(() => Push(hub, folder))).Message, StringComparison.Ordinal);
        Assert.Empty(hub.Commits);
        Assert.Empty(hub.Files);

        hub.StorageFault = null;
        hub.Requests.Clear();
        await Push(hub, folder);
        Assert.Equal(1, hub.Uploads);
        Assert.Equal(folder.Files.Count + 1, hub.Files.Count);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1L << 20)]
    public async Task Signed_addresses_that_run_out_are_asked_for_anew(long? partBytes)
    {
        await using var hub = await Hub();
        hub.PartBytes = partBytes;
        var calls = 0;
        hub.StorageFault = _ =>
        {
            if (Interlocked.Increment(ref calls) == 2)
                hub.Signature = 2;
            return Task.FromResult(false);
        };
        var folder = PushFolder.Open(Pipeline());
        Assert.True((await Push(hub, folder)).IsNew);
        Assert.Equal(folder.Files.Select(static f => f.Name).Append(ModelCard.FileName).Order(StringComparer.Ordinal), hub.Files.Keys.Order(StringComparer.Ordinal));

        hub.StorageFault = static http =>
        {
            http.Response.StatusCode = 403;
            return Task.FromResult(true);
        };
        Change("generator/model.safetensors");
        Assert.Contains("refuses generator/model.safetensors with 403; nothing was committed", (await Assert.ThrowsAsync<HubException>(() => Push(hub, PushFolder.Open(folder.Path)))).Message, StringComparison.Ordinal);
        Assert.Single(hub.Commits);
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_made_once()
    {
        await using var hub = await Hub();
        var lost = false;
        hub.Fault = http =>
        {
            if (lost || !http.Request.Path.Value!.Contains("/commit/", StringComparison.Ordinal))
                return Task.FromResult(false);
            lost = true;
            http.Response.OnStarting(() =>
            {
                http.Abort();
                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };
        var report = await Push(hub, PushFolder.Open(Pipeline()));
        Assert.True(lost);
        Assert.Single(hub.Commits);
        Assert.Equal(hub.Head, report.Commit);
    }

    [Fact]
    public async Task What_others_commit_meanwhile_is_not_overwritten()
    {
        await using var hub = await Hub();
        hub.StorageFault = _ =>
        {
            hub.Head = new string('a', 40);
            return Task.FromResult(false);
        };
        var fault = await Assert.ThrowsAsync<HubException>(() => Push(hub, PushFolder.Open(Pipeline())));
        Assert.StartsWith("owner/name has been changed by somebody else meanwhile", fault.Message, StringComparison.Ordinal);
        Assert.Empty(hub.Commits);
    }

    [Fact]
    public async Task A_body_that_stalls_is_given_up()
    {
        await using var hub = await Hub();
        hub.StorageFault = static async http =>
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return true;
        };
        using var client = new HubClient(hub.Settings with { Token = Token, StallTime = TimeSpan.FromSeconds(1), Attempts = 2 });
        var fault = await Assert.ThrowsAsync<HubException>(() => new ModelPusher(client).PushAsync(PushFolder.Open(Pipeline()), Target, cancellation: Stop));
        // The server here may also close the connection under a body that it does not read, and then that is the reason.
        Assert.Matches("gave no answer for owner/name [(](nothing moved for 1 s|Unable to (read|write) data)", fault.Message);
        Assert.Empty(hub.Commits);
    }

    [Fact]
    public async Task A_branch_is_made_and_a_commit_is_no_branch()
    {
        await using var hub = await Hub();
        var folder = PushFolder.Open(Pipeline());
        var report = await Push(hub, folder, target: Target with { Revision = "v2" });
        Assert.Contains("v2", hub.Branches);
        Assert.Equal("v2", report.Revision);
        Assert.Contains("never changes; push to a branch", (await Assert.ThrowsAsync<HubException>(() => Push(hub, folder, target: Target with { Revision = LoopbackHub.Commit }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_that_the_model_no_longer_has_are_removed()
    {
        await using var hub = await Hub();
        hub.Add("generator/model-00001-of-00002.safetensors", LoopbackHub.Random(10));
        hub.Add("generator/model.safetensors.index.json", "{}"u8.ToArray(), isLarge: false);
        hub.Add("other/model.safetensors", LoopbackHub.Random(10));
        var report = await Push(hub, PushFolder.Open(Pipeline()));
        Assert.Equal(["generator/model-00001-of-00002.safetensors", "generator/model.safetensors.index.json"], report.Removed);
        Assert.Contains("other/model.safetensors", hub.Files.Keys);
        Assert.DoesNotContain("generator/model.safetensors.index.json", hub.Files.Keys);
    }

    [Fact]
    public async Task Files_that_the_repository_ignores_are_told()
    {
        await using var hub = await Hub();
        hub.Ignores = static name => name.EndsWith(".safetensors", StringComparison.Ordinal);
        var fault = await Assert.ThrowsAsync<HubException>(() => Push(hub, PushFolder.Open(Pipeline())));
        Assert.Equal("The .gitignore of owner/name leaves out generator/model.safetensors, tokenizer/model.safetensors, so that what is pushed would not be whole; take it out of there.", fault.Message);
        Assert.Equal(0, hub.Uploads);
    }

    [Fact]
    public async Task A_file_that_changes_meanwhile_is_not_committed()
    {
        await using var hub = await Hub();
        var folder = PushFolder.Open(Pipeline());
        hub.Fault = http =>
        {
            if (http.Request.Path.Value!.Contains("/preupload/", StringComparison.Ordinal))
                Change("tokenizer/model.safetensors");
            return Task.FromResult(false);
        };
        Assert.Contains("has changed while it was being pushed", (await Assert.ThrowsAsync<HitaException>(() => Push(hub, folder))).Message, StringComparison.Ordinal);
        Assert.Empty(hub.Commits);
    }

    [Fact]
    public async Task A_plan_changes_nothing_and_needs_no_token()
    {
        await using var hub = await LoopbackHub.Start();
        using var client = new HubClient(hub.Settings);
        var folder = PushFolder.Open(Pipeline());
        hub.Add("generator/classes.txt", await File.ReadAllBytesAsync(Path.Combine(folder.Path, "generator", "classes.txt"), Stop), isLarge: false);

        var plan = await new ModelPusher(client).PlanAsync(folder, Target, cancellation: Stop);

        Assert.True(plan.Exists);
        Assert.Equal(["generator/classes.txt"], plan.Files.Where(static f => f.IsThere).Select(static f => f.Name));
        Assert.Single(hub.Requests);
        Assert.Contains("put it into HF_TOKEN", (await Assert.ThrowsAsync<HubException>(() => new ModelPusher(client).PushAsync(folder, Target, cancellation: Stop))).Message, StringComparison.Ordinal);
        Assert.Single(hub.Requests);
        hub.Exists = false;
        Assert.False((await new ModelPusher(client).PlanAsync(folder, Target, cancellation: Stop)).Exists);
    }

    private static async Task<LoopbackHub> Hub()
    {
        var hub = await LoopbackHub.Start();
        hub.Token = Token;
        return hub;
    }

    private static async Task<PushReport> Push(LoopbackHub hub, PushFolder folder, PushOptions? options = null, IProgress<HubProgress>? progress = null, HubReference? target = null)
    {
        using var client = new HubClient(hub.Settings with { Token = Token });
        return await new ModelPusher(client).PushAsync(folder, target ?? Target, new ModelCard(), besides: null, options, progress, Stop);
    }

    private string Pipeline()
    {
        var materials = Path.Combine(TestFiles.Root, "models", "materials");
        foreach (var name in (string[])["tokenizer/config.json", "tokenizer/model.safetensors", "generator/config.json", "generator/model.safetensors", "generator/classes.txt", "generator/sampling.json"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[$"mine/{name}"])!);
            File.Copy(Path.Combine(materials, name), _folder[$"mine/{name}"], overwrite: true);
        }
        return _folder["mine"];
    }

    // The last bytes are values of a tensor.
    private void Change(string name)
    {
        using var stream = File.Open(_folder[$"mine/{name}"], FileMode.Open);
        stream.Position = stream.Length - 2;
        stream.Write([1, 2]);
        stream.Close();
        File.SetLastWriteTimeUtc(_folder[$"mine/{name}"], DateTime.UtcNow.AddSeconds(5));
    }
}
