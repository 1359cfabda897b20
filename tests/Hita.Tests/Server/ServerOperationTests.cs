using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Server;
using Hita.Server.Settings;
using Hita.Tests.Cli;
using Hita.Tests.Support;

namespace Hita.Tests.Server;

/// <summary>Keys, starting and stopping.</summary>
[Collection(ServerCollection.Name)]
public sealed class ServerOperationTests
{
    private const string Key = "a-key-of-24-characters-0";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_asked_for_and_nothing_else_opens()
    {
        await using var server = await TestServer.StartAsync(static options =>
        {
            options.Pipelines.Add(new ServedPipeline("small", "tiny", "tiny"));
            options.Keys = ApiKeys.Of("another-key-of-some-length", Key);
        });
        await server.Catalog.Ready;
        foreach (var path in (string[])["/v1/models", "/api/v1/models", "/api/v1/jobs", "/metrics"])
        {
            using var none = await server.Client.GetAsync(path, Stop);
            Assert.Equal((HttpStatusCode.Unauthorized, "missing_api_key"), Brief(await TestServer.ErrorAsync(none)));
            Assert.Equal("Bearer", none.Headers.WwwAuthenticate.Single().Scheme);
            foreach (var wrong in (string[])["", Key[..^1], Key + "0", Key.ToUpperInvariant()])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {wrong}");
                using var refused = await server.Client.SendAsync(request, Stop);
                Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            }
        }
        // Before anything of a body is read.
        using var unread = await server.Client.PostAsync("/v1/images/generations", Forms.Json("{"), Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, unread.StatusCode);
        foreach (var open in (string[])["/health/live", "/health/ready", "/docs", "/openapi/v1.json"])
            Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync(open, Stop)).StatusCode);
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        foreach (var path in (string[])["/v1/models", "/api/v1/jobs", "/metrics"])
            Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync(path, Stop)).StatusCode);
    }

    [Fact]
    public async Task Only_origins_and_hosts_that_are_named_are_served()
    {
        await using var server = await TestServer.StartAsync(static options =>
        {
            options.Pipelines.Add(new ServedPipeline("small", "tiny", "tiny"));
            options.AllowedOrigins.Add("https://example.org");
            options.AllowedHosts.Add("images.example.org");
        });
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/images/generations");
        preflight.Headers.Add("Origin", "https://example.org");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        using var allowed = await server.Client.SendAsync(preflight, Stop);
        Assert.Equal("https://example.org", allowed.Headers.GetValues("Access-Control-Allow-Origin").Single());
        foreach (var (host, status) in ((string, HttpStatusCode)[])[("images.example.org", HttpStatusCode.OK), ("127.0.0.1", HttpStatusCode.OK), ("evil.example.org", HttpStatusCode.MisdirectedRequest)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
            request.Headers.Host = host;
            using var answer = await server.Client.SendAsync(request, Stop);
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_server_listens_before_it_is_ready_and_says_so()
    {
        await using var server = await TestServer.StartAsync(static options => options.Pipelines.Add(ServedPipeline.Of(BundledModels.Materials)));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/health/live", Stop)).StatusCode);
        using var ready = await server.Client.GetAsync("/health/ready", Stop);
        if (!server.Catalog.IsReady)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            using var early = await server.Client.PostAsync("/v1/images/generations", Forms.Json("""{"prompt":"3"}"""), Stop);
            if (!early.IsSuccessStatusCode)
                Assert.Equal((HttpStatusCode.ServiceUnavailable, "not_ready"), Brief(await TestServer.ErrorAsync(early)));
        }
        await server.Catalog.Ready;
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/health/ready", Stop)).StatusCode);
        // The first image needs nothing more.
        using var first = await server.Client.PostAsync("/v1/images/generations", Forms.Json("""{"prompt":"3"}"""), Stop);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
    }

    [Fact]
    public async Task A_stopping_server_finishes_what_runs()
    {
        await using var server = await TestServer.StartAsync(static options => options.Pipelines.Add(ServedPipeline.Of(BundledModels.Materials)));
        await server.Catalog.Ready;
        var request = server.Client.PostAsync("/v1/images/generations", Forms.Json("""{"prompt":"3","n":2,"seed":1}"""), Stop);
        while (server.Metrics.Queued == 0 && !request.IsCompleted)
            await Task.Delay(2, Stop);
        await server.StopAsync();
        using var answer = await request;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(2, (await answer.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("data").GetArrayLength());
        Assert.Equal(0, server.Metrics.Queued);
    }

    [Fact]
    public async Task A_stopping_server_returns_what_it_cannot_finish()
    {
        await using var server = await TestServer.StartAsync(static options =>
        {
            options.Pipelines.Add(ServedPipeline.Of(BundledModels.Materials));
            (options.StoppingTime, options.MaxImages) = (TimeSpan.Zero, 100);
        });
        await server.Catalog.Ready;
        var request = server.Client.PostAsync("/v1/images/generations", Forms.Json("""{"prompt":"3","n":100}"""), Stop);
        while (server.Metrics.Queued == 0 && !request.IsCompleted)
            await Task.Delay(2, Stop);
        await server.StopAsync();
        using var answer = await request;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping"), Brief(await TestServer.ErrorAsync(answer)));
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal(0, server.Metrics.Queued);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_ended()
    {
        await using var server = await TestServer.StartAsync(static options =>
        {
            options.Pipelines.Add(ServedPipeline.Of(BundledModels.Materials));
            (options.MaxTime, options.MaxImages) = (TimeSpan.FromMilliseconds(200), 100);
        });
        await server.Catalog.Ready;
        using var answer = await server.Client.PostAsync("/v1/images/generations", Forms.Json("""{"prompt":"3","n":100}"""), Stop);
        Assert.Equal((HttpStatusCode.GatewayTimeout, "timeout"), Brief(await TestServer.ErrorAsync(answer)));
        Assert.Equal(0, server.Metrics.Queued);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "--api-key-file")]
    [InlineData("http://*:0", "--api-key-file")]
    [InlineData("http://127.0.0.1:0;http://[::]:0", "--api-key-file")]
    [InlineData("https://127.0.0.1:0", "only http://")]
    [InlineData("127.0.0.1", "is no address")]
    [InlineData("http://127.0.0.1:0/path", "has a path")]
    [InlineData(";", "names no address")]
    public void The_command_refuses_addresses_in_one_sentence(string urls, string part)
    {
        var (code, output, error) = CommandLine.Run("serve", "--urls", urls);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void The_command_refuses_models_and_key_files_that_are_none()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["short"], "# keys\nabc\n");
        File.WriteAllText(folder["empty"], "\n# nothing\n");
        foreach (var (args, part) in ((string[], string)[])
                 [
                     (["serve", "-m", folder["nothing"]], folder["nothing"]), (["serve", "--api-key-file", folder["nothing"]], "cannot be read"),
                     (["serve", "--api-key-file", folder["short"]], "line 2 has 3 characters"), (["serve", "--api-key-file", folder["empty"]], "no API key"),
                     (["serve", "--cors-origin", "example.org"], "an origin is"),
                     (["serve", "-m", "tiny", "-m", "tiny"], "two pipelines are named 'tiny'"),
                 ])
        {
            var (code, _, error) = CommandLine.Run(args);
            Assert.Equal(1, code);
            Assert.Contains(part, error, StringComparison.Ordinal);
        }
        Assert.Equal(2, CommandLine.Run("serve", "--max-queue", "0").Code);
        Assert.Equal(2, CommandLine.Run("serve", "--precision", "int4").Code);
    }

    [Fact]
    public async Task The_command_serves_until_it_is_told_to_stop()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var options = new HitaServerOptions();
        options.Pipelines.Add(new ServedPipeline("small", "tiny", "tiny"));
        var address = new TaskCompletionSource<string>();
        var ready = new TaskCompletionSource();
        var program = ServeProgram.RunAsync(
            ListeningUrls.Parse("http://127.0.0.1:0"), options, LogFormat.Json, a => address.SetResult(a[0]), ready.SetResult, stopping.Token);
        using var client = new HttpClient { BaseAddress = new Uri(await address.Task) };
        await ready.Task;
        using var answer = await client.PostAsync("/v1/images/generations", Forms.Json("""{"prompt":"3"}"""), Stop);
        Assert.True(answer.IsSuccessStatusCode);
        // Names that lead to this machine from elsewhere are none of its own.
        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        foreign.Headers.Host = "rebound.example.org";
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await client.SendAsync(foreign, Stop)).StatusCode);
        var taken = await address.Task;
        var second = await Assert.ThrowsAsync<HitaException>(() => ServeProgram.RunAsync(
            ListeningUrls.Parse(taken), Copy(), LogFormat.Text, static _ => { }, static () => { }, Stop));
        Assert.Contains("cannot listen on", second.Message, StringComparison.Ordinal);
        await stopping.CancelAsync();
        await program;

        static HitaServerOptions Copy()
        {
            var options = new HitaServerOptions();
            options.Pipelines.Add(new ServedPipeline("small", "tiny", "tiny"));
            return options;
        }
    }

    private static (HttpStatusCode, string) Brief((HttpStatusCode Status, string Code, string Message, string? Parameter) error) => (error.Status, error.Code);
}
