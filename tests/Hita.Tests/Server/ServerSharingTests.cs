using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Editing;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Server.Settings;
using Hita.Tests.Editing;
using Hita.Tests.Support;

namespace Hita.Tests.Server;

/// <summary>Many clients at once, and clients that go away.</summary>
[Collection(ServerCollection.Name)]
public sealed class ServerSharingTests(ServerFixture fixture)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_is_the_same_alone_and_among_others()
    {
        var server = await fixture.ReadyAsync();
        var pipeline = server.Catalog.Models[0].Pipeline;
        var expected = new Image[10];
        for (var i = 0; i < expected.Length; i++)
        {
            var at = i;
            pipeline.Generate(
                new GenerationRequest { Classes = [i], Seed = (ulong)i, Sampling = pipeline.Generator.Sampling }, image => expected[at] = image.Image, cancellation: Stop);
        }
        var answers = await Task.WhenAll(Enumerable.Range(0, expected.Length).Select(async i =>
        {
            await Task.Delay(20 * i, Stop);
            using var answer = await server.Client.PostAsync("/v1/images/generations", Forms.Json($$"""{"prompt":"{{i}}","seed":{{i}}}"""), Stop);
            return await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
        }));
        for (var i = 0; i < expected.Length; i++)
        {
            var image = ImageDecoder.Decode(answers[i].GetProperty("data")[0].GetProperty("b64_json").GetBytesFromBase64(), "image");
            Assert.True(expected[i].Pixels.SequenceEqual(image.Pixels), $"image {i} differs");
        }
    }

    [Fact]
    public async Task Edits_sample_in_the_batch_and_stay_those_of_the_library()
    {
        // More candidates at once than the batch has places.
        const int Edits = 5, Candidates = 8;
        await using var server = await RoomyAsync(new ServedPipeline("small", "tiny", "tiny"));
        var model = server.Catalog.Models.Single(static m => m.Id == "small");
        var photo = ImageFiles.Quarters(100, 80);
        var before = model.Host.Status.Done;
        var images = Enumerable.Range(0, Edits).Select(i => server.RunAsync("inpaint", Forms.Of(
            ("model", "small"), ("image", photo), ("lower_half", "true"), ("holistic", "generated"), ("class", "1"), ("candidates", $"{Candidates}"), ("seed", $"{i}"))));
        var variations = server.RunAsync("vary", Forms.Of(
            ("model", "small"), ("image", photo), ("keep", "patches"), ("count", "3"), ("class", "2"), ("seed", "8")));
        var beside = server.RunAsync("generate", Forms.Json("""{"model":"small","class":3,"count":2}"""));
        var edited = await Task.WhenAll(images);
        await beside;
        var pipeline = model.Pipeline;
        for (var i = 0; i < Edits; i++)
        {
            var options = new InpaintOptions { Holistic = HolisticSource.Generated, Candidates = Candidates, Sampling = Sampling(1, (ulong)i) };
            var expected = new Inpainter(pipeline).Fill(photo, ImageMask.LowerHalf(100, 80), options, cancellation: Stop);
            EditingModels.AssertSame(expected.Image, await ImageAsync(server, edited[i], 0));
        }
        var made = new Variations(pipeline).Generate(photo, VariationKeep.Patches, 3, Sampling(2, 8), cancellation: Stop);
        var varied = await variations;
        for (var i = 0; i < made.Count; i++)
        {
            EditingModels.AssertSame(made[i].Image, await ImageAsync(server, varied, i));
            Assert.Equal(made[i].LogLikelihood, varied.GetProperty("results")[i].GetProperty("facts").GetProperty("log_likelihood").GetDouble());
        }
        Assert.InRange(model.Host.Status.Done - before, (Edits * Candidates) + 3 + 2, long.MaxValue);

        EditSamplingOptions Sampling(int number, ulong seed) => new() { Class = number, Seed = seed, Sampling = model.Pipeline.Generator.Sampling };
    }

    [Fact]
    public async Task Edits_that_are_cancelled_leave_their_turn_to_others()
    {
        await using var server = await RoomyAsync(ServedPipeline.Of(BundledModels.Materials));
        var photo = ImageFiles.Quarters(64, 64);
        using var taken = await server.Client.PostAsync(
            "/api/v1/inpaint", Forms.Of(("image", photo), ("lower_half", "true"), ("holistic", "generated"), ("class", "1"), ("candidates", "64")), Stop);
        var job = (await taken.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("url").GetString()!;
        var host = server.Catalog.Models[0].Host;
        await UntilAsync(() => host.Status.Waiting > 0);
        // It samples, and meanwhile another one encodes and decodes.
        await server.RunAsync("reconstruct", Forms.Of(("image", photo)));
        Assert.Equal("running", (await server.Client.GetFromJsonAsync<JsonElement>(job, Stop)).GetProperty("state").GetString());
        using var answer = await server.Client.DeleteAsync(job, Stop);
        await UntilAsync(() => server.Metrics.Queued == 0 && host.Status is { Running: 0, Waiting: 0 });
        await server.RunAsync("reconstruct", Forms.Of(("image", photo)));
    }

    // The shared server's queue is shorter than the candidates of these edits.
    private static async Task<TestServer> RoomyAsync(ServedPipeline pipeline)
    {
        var server = await TestServer.StartAsync(options =>
        {
            options.Pipelines.Add(pipeline);
            options.MaxQueue = 100;
        });
        await server.Catalog.Ready;
        return server;
    }

    [Fact]
    public async Task A_client_that_goes_away_cancels_its_images()
    {
        var server = await fixture.ReadyAsync();
        var host = server.Catalog.Models[0].Host;
        await CancelsAsync(server, host, """{"prompt":"3","n":6}""", async _ => await UntilAsync(() => host.Status is { Running: 6 } or { Decoding: > 0 }));
    }

    [Fact]
    public async Task A_stream_that_is_closed_cancels_its_images()
    {
        var server = await fixture.ReadyAsync();
        await CancelsAsync(server, server.Catalog.Models[0].Host, """{"prompt":"3","n":6,"stream":true,"partial_images":3}""", static async client =>
        {
            var buffer = new byte[64 << 10];
            var text = new StringBuilder();
            while (!text.ToString().Contains("partial_image", StringComparison.Ordinal))
                text.Append(Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer, Stop)));
        });
    }

    [Fact]
    public async Task Metrics_documents_and_pages_are_served()
    {
        var server = await fixture.ReadyAsync();
        var metrics = await server.Client.GetStringAsync("/metrics", Stop);
        Assert.Contains("hita_queue_images", metrics, StringComparison.Ordinal);
        Assert.Contains("hita_batch_rows{", metrics, StringComparison.Ordinal);
        Assert.Contains("hita_tokens_rate", metrics, StringComparison.Ordinal);
        var document = await server.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Stop);
        var paths = document.GetProperty("paths").EnumerateObject().Select(static p => p.Name).ToList();
        Assert.Superset(
            new HashSet<string> { "/v1/images/generations", "/v1/images/edits", "/v1/models", "/api/v1/generate", "/api/v1/edit-class", "/api/v1/jobs/{id}", "/health/ready" },
            paths.ToHashSet());
        var fields = document.GetProperty("components").GetProperty("schemas").GetProperty("GenerateFields").GetProperty("properties");
        Assert.Superset(new HashSet<string> { "class", "count", "seed", "cfg_scale", "cfg_interval", "top_k", "holistic_temperature" }, fields.EnumerateObject().Select(static p => p.Name).ToHashSet());
        foreach (var (path, type) in ((string, string)[])[("/docs", "text/html"), ("/docs/docs.js", "text/javascript"), ("/docs/docs.css", "text/css")])
        {
            using var page = await server.Client.GetAsync(path, Stop);
            Assert.Equal(type, page.Content.Headers.ContentType?.MediaType);
            Assert.Contains("default-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            var text = await page.Content.ReadAsStringAsync(Stop);
            Assert.DoesNotContain("http://", text, StringComparison.Ordinal);
            Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
        }
    }

    // Closes the connection once images are on their way. On a busy machine they may be done before it is closed, with nothing left to
    // cancel: then it is tried again.
    private static async Task CancelsAsync(TestServer server, IImageHost host, string body, Func<TcpClient, Task> untilOnTheirWay)
    {
        const int Tries = 20;
        var before = host.Status.Cancelled;
        for (var i = 0; i < Tries && host.Status.Cancelled == before; i++)
        {
            using (var client = await SendAsync(server, body))
            {
                await untilOnTheirWay(client);
                client.LingerState = new LingerOption(true, 0);
            }
            await UntilAsync(() => server.Metrics.Queued == 0 && host.Status is { Running: 0, Decoding: 0 });
        }
        Assert.True(host.Status.Cancelled > before, $"none of {Tries} connections was closed before its images were done");
    }

    // The framework's client reads on for a while after it is told to stop; this one does not.
    private static async Task<TcpClient> SendAsync(TestServer server, string body)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, Stop);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST /v1/images/generations HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"), Stop);
        return client;
    }

    private static async Task<Image> ImageAsync(TestServer server, JsonElement job, int result) =>
        ImageDecoder.Decode(await server.Client.GetByteArrayAsync(job.GetProperty("results")[result].GetProperty("url").GetString(), Stop), "image");

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 12_000, "what is awaited has not come for a minute");
            await Task.Delay(5, Stop);
        }
    }
}
