using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hita.Generation;
using Hita.Imaging;

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
    public async Task A_client_that_goes_away_cancels_its_images()
    {
        var server = await fixture.ReadyAsync();
        var host = server.Catalog.Models[0].Host;
        var before = host.Status.Cancelled;
        using (var client = await SendAsync(server, """{"prompt":"3","n":6}"""))
        {
            await UntilAsync(() => host.Status is { Running: 6 } or { Decoding: > 0 });
            client.LingerState = new LingerOption(true, 0);
        }
        await UntilAsync(() => host.Status.Cancelled > before);
        await UntilAsync(() => server.Metrics.Queued == 0);
    }

    [Fact]
    public async Task A_stream_that_is_closed_cancels_its_images()
    {
        var server = await fixture.ReadyAsync();
        var host = server.Catalog.Models[0].Host;
        var before = host.Status.Cancelled;
        using (var client = await SendAsync(server, """{"prompt":"3","n":6,"stream":true,"partial_images":3}"""))
        {
            var buffer = new byte[64 << 10];
            var text = new StringBuilder();
            while (!text.ToString().Contains("partial_image", StringComparison.Ordinal))
                text.Append(Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer, Stop)));
            client.LingerState = new LingerOption(true, 0);
        }
        await UntilAsync(() => host.Status.Cancelled > before);
        await UntilAsync(() => server.Metrics.Queued == 0);
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

    // The framework's client reads on for a while after it is told to stop; this one does not.
    private static async Task<TcpClient> SendAsync(TestServer server, string body)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, Stop);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST /v1/images/generations HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"), Stop);
        return client;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 12_000, "what is awaited has not come for a minute");
            await Task.Delay(5, Stop);
        }
    }
}
