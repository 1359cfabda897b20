using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hita.Imaging;
using Hita.Server.Settings;
using Hita.Tests.Support;

namespace Hita.Tests.Server;

/// <summary>What all requests together may take, what a slow one may, and what a proxy in front may tell.</summary>
public sealed class ServerMemoryTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_beyond_the_memory_of_all_are_refused_and_none_is_left_taken()
    {
        await using var server = await StartAsync(static options => (options.MaxRequestBytes, options.MaxQueue) = (4 << 20, 1000));
        await server.Catalog.Ready;
        // 3 MiB of pixels each, which stay in memory until the job has had its turn.
        var image = new Image(1024, 1024);
        using var form = Forms.Of(("image", image), ("count", "4"));
        var body = await form.ReadAsByteArrayAsync(Stop);
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            using var content = new ByteArrayContent(body);
            content.Headers.TryAddWithoutValidation("Content-Type", form.Headers.ContentType!.ToString());
            return await server.Client.PostAsync("/api/v1/vary", content, Stop);
        }));
        Assert.Contains(answers, static a => a.StatusCode == HttpStatusCode.Accepted);
        foreach (var refused in answers.Where(static a => a.StatusCode != HttpStatusCode.Accepted))
        {
            var error = await TestServer.ErrorAsync(refused);
            Assert.Equal((HttpStatusCode.TooManyRequests, "memory_full"), (error.Status, error.Code));
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        Assert.Contains(answers, static a => a.StatusCode == HttpStatusCode.TooManyRequests);
        foreach (var taken in answers.Where(static a => a.StatusCode == HttpStatusCode.Accepted))
            await server.WaitAsync(taken.Headers.Location!.ToString());
        Assert.Equal((0, 0), (server.Memory.Taken, server.Metrics.Queued));
        foreach (var answer in answers)
            answer.Dispose();

        using var never = await server.Client.PostAsync("/api/v1/reconstruct", Forms.Of(("image", new byte[3 << 20])), Stop);
        var tooLarge = await TestServer.ErrorAsync(never);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large"), (tooLarge.Status, tooLarge.Code));
        Assert.Contains("send smaller images", tooLarge.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Candidates_take_places_in_the_queue()
    {
        await using var server = await StartAsync(static options => options.MaxQueue = 8);
        await server.Catalog.Ready;
        using var many = await server.Client.PostAsync("/api/v1/outpaint", Forms.Of(("image", ImageFiles.Quarters(32, 32)), ("top", "8"), ("candidates", "9")), Stop);
        var error = await TestServer.ErrorAsync(many);
        Assert.Equal((HttpStatusCode.TooManyRequests, "queue_full"), (error.Status, error.Code));
        Assert.Equal((0, 0), (server.Memory.Taken, server.Metrics.Queued));
    }

    [Theory]
    [InlineData("application/json", "{\"prompt\": \"3\"")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\n")]
    public async Task A_body_that_does_not_come_is_given_up(string type, string begin)
    {
        await using var server = await StartAsync(static options => options.MaxTime = TimeSpan.FromSeconds(1));
        await server.Catalog.Ready;
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, Stop);
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"POST /v1/images/edits HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: {type}\r\nContent-Length: 5000\r\n\r\n{begin}")), Stop);
        using var reader = new StreamReader(stream);
        Assert.Contains(" 408 ", await reader.ReadLineAsync(Stop), StringComparison.Ordinal);
        Assert.Equal(0, server.Memory.Taken);
    }

    [Theory]
    [InlineData("127.0.0.0/8", "https", true)]
    [InlineData("127.0.0.0/8", "http", false)]
    [InlineData("10.0.0.0/8", "https", false)]
    [InlineData(null, "https", false)]
    public async Task Pages_behind_a_proxy_with_TLS_are_its_own_where_the_proxy_is_trusted(string? trusted, string scheme, bool served)
    {
        await using var server = await StartAsync(options =>
        {
            if (trusted is not null)
                options.TrustedProxies.Add(IPNetwork.Parse(trusted));
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Add("Origin", $"https://{server.Address.Authority}");
        request.Headers.Add("X-Forwarded-Proto", scheme);
        using var answer = await server.Client.SendAsync(request, Stop);
        Assert.Equal(served ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private static Task<TestServer> StartAsync(Action<HitaServerOptions> configure) => TestServer.StartAsync(options =>
    {
        options.Pipelines.Add(new ServedPipeline("tiny", "tiny", "tiny"));
        configure(options);
    });
}
