using System.Net;
using System.Net.Sockets;
using System.Text;
using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Server;

/// <summary>What is refused: each limit with its status, its code, and the field at fault.</summary>
[Collection(ServerCollection.Name)]
public sealed class ServerLimitTests(ServerFixture fixture)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/images/generations", """{"prompt":"3","n":7}""", 400, "invalid_value", "n")]
    [InlineData("/v1/images/generations", """{"prompt":"3","n":0}""", 400, "invalid_value", "n")]
    [InlineData("/v1/images/generations", """{"prompt":"3","n":1.5}""", 400, "invalid_value", "n")]
    [InlineData("/v1/images/generations", """{"prompt":"3,4","n":1}""", 400, "invalid_value", "n")]
    [InlineData("/v1/images/generations", """{"prompt":"no such thing"}""", 400, "class_not_found", "prompt")]
    [InlineData("/v1/images/generations", """{"prompt":"36"}""", 400, "class_not_found", "prompt")]
    [InlineData("/v1/images/generations", """{"prompt":","}""", 400, "class_not_found", "prompt")]
    [InlineData("/v1/images/generations", """{"prompt":3}""", 400, "invalid_value", "prompt")]
    [InlineData("/v1/images/generations", """{"n":1}""", 400, "invalid_json", null)]
    [InlineData("/v1/images/generations", """{"prompt":"3","prompt":"4"}""", 400, "invalid_value", "prompt")]
    [InlineData("/v1/images/generations", """{"prompt":"3","colour":"red"}""", 400, "invalid_value", "colour")]
    [InlineData("/v1/images/generations", """{"prompt":"3","size":"9999x9999"}""", 400, "invalid_value", "size")]
    [InlineData("/v1/images/generations", """{"prompt":"3","size":"0x5"}""", 400, "invalid_value", "size")]
    [InlineData("/v1/images/generations", """{"prompt":"3","output_format":"gif"}""", 400, "invalid_value", "output_format")]
    [InlineData("/v1/images/generations", """{"prompt":"3","output_compression":50}""", 400, "invalid_value", "output_compression")]
    [InlineData("/v1/images/generations", """{"prompt":"3","response_format":"text"}""", 400, "invalid_value", "response_format")]
    [InlineData("/v1/images/generations", """{"prompt":"3","stream":true,"partial_images":4}""", 400, "invalid_value", "partial_images")]
    [InlineData("/v1/images/generations", """{"prompt":"3","background":"transparent"}""", 400, "invalid_value", "background")]
    [InlineData("/v1/images/generations", """{"prompt":"3","seed":-1}""", 400, "invalid_value", "seed")]
    [InlineData("/v1/images/generations", """{"prompt":"3","model":"../../etc/passwd"}""", 404, "model_not_found", "model")]
    [InlineData("/v1/images/generations", "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", 400, "invalid_json", null)]
    [InlineData("/v1/images/generations", "", 400, "invalid_json", null)]
    [InlineData("/v1/images/generations", "null", 400, "invalid_json", null)]
    [InlineData("/api/v1/generate", """{"class":3,"count":7}""", 400, "invalid_value", "count")]
    [InlineData("/api/v1/generate", """{"class":[1,2,3,4],"count":2}""", 400, "invalid_value", "count")]
    [InlineData("/api/v1/generate", """{"class":3,"precision":"int8"}""", 404, "model_not_found", "model")]
    [InlineData("/api/v1/generate", """{"class":3,"precision":"int4"}""", 400, "invalid_value", "precision")]
    [InlineData("/api/v1/generate", """{"class":3,"temperature":-1}""", 400, "invalid_request", null)]
    [InlineData("/api/v1/generate", """{"class":3,"temperature":"hot"}""", 400, "invalid_value", "temperature")]
    [InlineData("/api/v1/generate", """{"class":3,"previews":99}""", 400, "invalid_value", "previews")]
    [InlineData("/api/v1/generate", """{"class":3,"first_image":9223372036854775807}""", 400, "invalid_request", null)]
    [InlineData("/api/v1/generate", """{"class":true}""", 400, "invalid_value", "class")]
    [InlineData("/api/v1/decode", """{"holistic":[1],"patches":[1,2],"grid_height":1,"grid_width":1}""", 400, "invalid_value", "patches")]
    [InlineData("/api/v1/decode", """{"holistic":[1],"patches":[1],"grid_height":1,"grid_width":1}""", 400, "invalid_request", null)]
    [InlineData("/api/v1/decode", """{"holistic":[],"patches":[],"grid_height":-1,"grid_width":2147483647}""", 400, "invalid_value", "patches")]
    [InlineData("/api/v1/reconstruct", """{"image":"aGVsbG8="}""", 400, "invalid_image", "image")]
    [InlineData("/api/v1/replay", """{"image":"aGVsbG8="}""", 400, "no_settings", "image")]
    public async Task Fields_are_checked(string route, string json, int status, string code, string? parameter)
    {
        var server = await fixture.ReadyAsync();
        using var answer = await server.Client.PostAsync(route, Forms.Json(json), Stop);
        var error = await TestServer.ErrorAsync(answer);
        Assert.True((status, code, parameter) == ((int)error.Status, error.Code, error.Parameter), error.ToString());
    }

    [Theory]
    [InlineData("left", "-5", null)]
    [InlineData("left", "2147483647", null)]
    [InlineData("left", "16000", "left")]
    [InlineData("candidates", "300", null)]
    [InlineData("window", "1", null)]
    [InlineData("class", "3,4", "class")]
    public async Task Settings_of_edits_are_checked(string field, string value, string? parameter)
    {
        var server = await fixture.ReadyAsync();
        using var answer = await server.Client.PostAsync("/api/v1/outpaint", Forms.Of(("image", ImageFiles.Quarters(32, 32)), ("top", "8"), (field, value)), Stop);
        if (field == "window")
        {
            // The window is measured against the image when its turn has come.
            var url = answer.Headers.Location!.ToString();
            Assert.Contains("invalid_request", await server.Client.GetStringAsync($"{url}?wait=20", Stop), StringComparison.Ordinal);
            return;
        }
        var error = await TestServer.ErrorAsync(answer);
        Assert.Equal((HttpStatusCode.BadRequest, parameter), (error.Status, error.Parameter));
    }

    [Fact]
    public async Task Uploads_are_limited_in_pixels_bytes_and_kind()
    {
        var server = await fixture.ReadyAsync();
        using var large = await server.Client.PostAsync("/api/v1/reconstruct", Forms.Of(("image", new Image(500, 401))), Stop);
        var error = await TestServer.ErrorAsync(large);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_image", "image"), (error.Status, error.Code, error.Parameter));
        Assert.Contains("500×401", error.Message, StringComparison.Ordinal);
        using var heavy = await server.Client.PostAsync("/api/v1/reconstruct", Forms.Of(("image", new byte[(1 << 20) + 1])), Stop);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large"), Brief(await TestServer.ErrorAsync(heavy)));
        using var text = await server.Client.PostAsync("/api/v1/reconstruct", new StringContent("{}"), Stop);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported_media_type"), Brief(await TestServer.ErrorAsync(text)));
        using var many = await server.Client.PostAsync("/api/v1/reconstruct", Forms.Of([.. Enumerable.Range(0, 100).Select(static i => ($"a{i}", (object)"1"))]), Stop);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_form"), Brief(await TestServer.ErrorAsync(many)));
        using var twice = await server.Client.PostAsync("/api/v1/reconstruct", Forms.Of(("image", ImageFiles.Quarters(8, 8)), ("image", ImageFiles.Quarters(8, 8))), Stop);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_value"), Brief(await TestServer.ErrorAsync(twice)));
        using var unmasked = await server.Client.PostAsync("/v1/images/edits", Forms.Of(("image", ImageFiles.Quarters(32, 32)), ("prompt", "3")), Stop);
        Assert.Equal((HttpStatusCode.BadRequest, "mask"), (unmasked.StatusCode, (await TestServer.ErrorAsync(unmasked)).Parameter));
    }

    [Fact]
    public async Task A_body_without_a_length_is_limited_too()
    {
        var server = await fixture.ReadyAsync();
        using var content = new StreamContent(new Endless());
        content.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/images/generations") { Content = content };
        request.Headers.TransferEncodingChunked = true;
        using var answer = await server.Client.SendAsync(request, Stop);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large"), Brief(await TestServer.ErrorAsync(answer)));
    }

    [Fact]
    public async Task A_full_queue_answers_when_to_come_again()
    {
        var server = await fixture.ReadyAsync();
        var jobs = new List<string>();
        try
        {
            for (var i = 0; i < 2; i++)
            {
                using var taken = await server.Client.PostAsync("/api/v1/generate", Forms.Json("""{"class":3,"count":6}"""), Stop);
                Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
                jobs.Add(taken.Headers.Location!.ToString());
            }
            using var refused = await server.Client.PostAsync("/v1/images/generations", Forms.Json("""{"prompt":"3"}"""), Stop);
            Assert.Equal((HttpStatusCode.TooManyRequests, "queue_full"), Brief(await TestServer.ErrorAsync(refused)));
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        }
        finally
        {
            foreach (var job in jobs)
                (await server.Client.DeleteAsync(job, Stop)).Dispose();
        }
        Assert.Equal(0, server.Metrics.Queued);
    }

    [Theory]
    [InlineData("GET", "/v1/images/generations", 405, "method_not_allowed")]
    [InlineData("GET", "/nothing", 404, "not_found")]
    [InlineData("GET", "/api/v1/jobs/0123", 404, "job_not_found")]
    [InlineData("DELETE", "/api/v1/jobs/../../etc", 404, "not_found")]
    [InlineData("GET", "/v1/models/%2e%2e%2fetc", 404, "model_not_found")]
    public async Task Addresses_that_are_none_are_answered_in_the_same_shape(string method, string path, int status, string code)
    {
        var server = await fixture.ReadyAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await server.Client.SendAsync(request, Stop);
        var error = await TestServer.ErrorAsync(answer);
        Assert.Equal((status, code), ((int)error.Status, error.Code));
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Pages_of_other_origins_and_other_hosts_get_nothing()
    {
        var server = await fixture.ReadyAsync();
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/v1/images/edits") { Content = Forms.Of(("prompt", "3")) };
        foreign.Headers.Add("Origin", "https://example.org");
        using var refused = await server.Client.SendAsync(foreign, Stop);
        Assert.Equal((HttpStatusCode.Forbidden, "foreign_origin"), Brief(await TestServer.ErrorAsync(refused)));
        Assert.False(refused.Headers.Contains("Access-Control-Allow-Origin"));
        using var own = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        own.Headers.Add("Origin", server.Address.GetLeftPart(UriPartial.Authority));
        using var served = await server.Client.SendAsync(own, Stop);
        Assert.True(served.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Garbage_is_refused_in_the_api_s_shape_and_harms_nothing()
    {
        var server = await fixture.ReadyAsync();
        var json = """
            {"prompt": "3",
             "model": "small",
             "n": 1,
             "size": "64x64",
             "seed": 1,
             "output_format": "png"}
            """;
        var form = await Forms.Of(("image", ImageFiles.Quarters(32, 32)), ("mask", Forms.LowerHalf(32, 32)), ("prompt", "3"), ("model", "small"), ("n", "1")).ReadAsByteArrayAsync(Stop);
        var type = Forms.Of(("prompt", "3")).Headers.ContentType!.ToString();
        var ok = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            using HttpContent content = seed % 2 == 0 ? Forms.Json(TextMutator.Mutate(json, seed)) : new ByteArrayContent(Mutator.Mutate(form, seed));
            if (seed % 2 == 1)
                content.Headers.TryAddWithoutValidation("Content-Type", Boundary(type, form));
            using var answer = await server.Client.PostAsync(seed % 2 == 0 ? "/v1/images/generations" : "/v1/images/edits", content, Stop);
            if (answer.IsSuccessStatusCode)
            {
                ok++;
                continue;
            }
            var error = await TestServer.ErrorAsync(answer);
            Assert.True((int)error.Status is 400 or 404 or 413 or 415, $"seed {seed}: {error}");
        }
        Assert.InRange(ok, 0, 150);
        Assert.Equal(0, server.Metrics.Queued);
    }

    [Fact]
    public async Task Broken_http_and_broken_connections_harm_nothing()
    {
        var server = await fixture.ReadyAsync();
        foreach (var text in (string[])[
            "GARBAGE\r\n\r\n", "POST /v1/images/generations HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", "POST /v1/images/generations HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server.Address.Host, server.Address.Port, Stop);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), Stop);
            client.Client.Shutdown(SocketShutdown.Send);
            client.LingerState = new LingerOption(true, 0);
        }
        using var answer = await server.Client.GetAsync("/v1/models", Stop);
        Assert.True(answer.IsSuccessStatusCode);
    }

    // The damaged form's own boundary, or none of it could be read.
    private static string Boundary(string type, byte[] form)
    {
        var first = Encoding.Latin1.GetString(form, 0, form.AsSpan().IndexOf((byte)'\r'))[2..];
        return $"{type.Split(';')[0]}; boundary=\"{first}\"";
    }

    private static (HttpStatusCode, string) Brief((HttpStatusCode Status, string Code, string Message, string? Parameter) error) => (error.Status, error.Code);

    // A text longer than is taken, whose length is not told before.
    private sealed class Endless : Stream
    {
        private long _sent;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => _sent; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            // Just beyond the limit: a client that still writes when the answer comes may miss it.
            if (_sent > (1 << 20) + 8192)
                return 0;
            count = Math.Min(count, 8192);
            buffer.AsSpan(offset, count).Fill((byte)' ');
            _sent += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
