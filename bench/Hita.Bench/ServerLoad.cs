using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Hashing;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hita.Imaging;

namespace Hita.Bench;

/// <summary>What came of many requests.</summary>
/// <param name="Outcomes">How many requests ended how.</param>
/// <param name="Different">Images that are not what the same class and seed give alone.</param>
/// <param name="Latencies">Seconds of each request that was answered with an image, in ascending order.</param>
/// <param name="Seconds">How long all of it took.</param>
public sealed record ServerLoadReport(IReadOnlyDictionary<string, int> Outcomes, int Different, IReadOnlyList<double> Latencies, double Seconds)
{
    /// <summary>Images a minute.</summary>
    public double ImagesPerMinute => 60 * Latencies.Count / Seconds;

    /// <summary>The latency that a share of the requests kept below, in seconds.</summary>
    /// <param name="share">0 to 1.</param>
    public double Latency(double share) => Latencies.Count == 0 ? 0 : Latencies[(int)Math.Min(share * Latencies.Count, Latencies.Count - 1)];
}

/// <summary>Loads an image server as many clients do, among them some that cancel, send garbage or break off.</summary>
/// <param name="server">Its address.</param>
/// <param name="classes">Classes that it knows, from 0.</param>
/// <param name="seeds">Different seeds that are asked for, so that images come up again.</param>
public sealed class ServerLoad(Uri server, int classes, int seeds)
{
    private readonly ConcurrentDictionary<string, int> _outcomes = new();
    private readonly ConcurrentDictionary<(int Class, int Seed), ulong> _expected = new();
    private readonly ConcurrentBag<double> _latencies = [];
    private int _different;
    private int _next;

    /// <summary>Tells an image by its pixels.</summary>
    /// <param name="image">The image.</param>
    public static ulong HashOf(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return XxHash64.HashToUInt64(image.Pixels);
    }

    /// <summary>What an image must be; without it, the first one of a class and seed is what the others must be.</summary>
    /// <param name="number">The class.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="hash"><see cref="HashOf"/> of the image.</param>
    public void Expect(int number, int seed, ulong hash) => _expected[(number, seed)] = hash;

    /// <summary>Class and seed of a request.</summary>
    /// <param name="request">Its number.</param>
    public (int Class, int Seed) ImageOf(int request) => (request % classes, request / classes % seeds);

    /// <summary>Sends requests: of 20, four are cancelled, one has a garbage body, and one breaks its connection.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="clients">Clients at once.</param>
    /// <param name="cancellation">Stops soon.</param>
    public async Task<ServerLoadReport> RunAsync(int requests, int clients, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(() => ClientAsync(requests, cancellation), cancellation))).ConfigureAwait(false);
        return new ServerLoadReport(
            new SortedDictionary<string, int>(_outcomes, StringComparer.Ordinal), _different, [.. _latencies.Order()], Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private async Task ClientAsync(int requests, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromMinutes(10) };
        for (int i; (i = Interlocked.Increment(ref _next) - 1) < requests;)
        {
            // Not by chance, so that two runs do the same.
            var outcome = (i % 20) switch
            {
                3 or 8 or 13 or 18 => await CancelAsync(client, i, cancellation).ConfigureAwait(false),
                5 => await GarbageAsync(client, i, cancellation).ConfigureAwait(false),
                11 => await BreakAsync(i, cancellation).ConfigureAwait(false),
                _ => await GenerateAsync(client, i, cancellation).ConfigureAwait(false),
            };
            _outcomes.AddOrUpdate(outcome, 1, static (_, n) => n + 1);
        }
    }

    private async Task<string> GenerateAsync(HttpClient client, int request, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var content = Content(Body(request));
            using var answer = await client.PostAsync(new Uri("/v1/images/generations", UriKind.Relative), content, cancellation).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
                return $"{(int)answer.StatusCode} where an image was due";
            using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
            _latencies.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            var image = ImageDecoder.Decode(json.RootElement.GetProperty("data")[0].GetProperty("b64_json").GetBytesFromBase64(), "image");
            if (_expected.GetOrAdd(ImageOf(request), HashOf(image)) != HashOf(image))
                Interlocked.Increment(ref _different);
            return "image";
        }
        catch (HttpRequestException e)
        {
            return $"no answer where an image was due: {e.HttpRequestError}";
        }
    }

    private async Task<string> CancelAsync(HttpClient client, int request, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromMilliseconds(request * 37 % 400));
        try
        {
            using var content = Content(Body(request));
            using var answer = await client.PostAsync(new Uri("/v1/images/generations", UriKind.Relative), content, patience.Token).ConfigureAwait(false);
            return answer.IsSuccessStatusCode ? "image before it was cancelled" : $"{(int)answer.StatusCode} before it was cancelled";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "cancelled";
        }
    }

    private static async Task<string> GarbageAsync(HttpClient client, int request, CancellationToken cancellation)
    {
        var bytes = new byte[64 + (request * 131 % 4000)];
        new Random(request).NextBytes(bytes);
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new("application/json");
        using var answer = await client.PostAsync(new Uri("/v1/images/generations", UriKind.Relative), content, cancellation).ConfigureAwait(false);
        return $"{(int)answer.StatusCode} for garbage";
    }

    private async Task<string> BreakAsync(int request, CancellationToken cancellation)
    {
        var body = Body(request);
        var text = $"POST /v1/images/generations HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellation).ConfigureAwait(false);
        // In the middle of the body, or while the answer is awaited.
        var length = request / 20 % 2 == 0 ? text.Length - 5 : text.Length;
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text[..length]), cancellation).ConfigureAwait(false);
        await Task.Delay(request * 13 % 200, cancellation).ConfigureAwait(false);
        client.LingerState = new LingerOption(true, 0);
        return "broken off";
    }

    private string Body(int request)
    {
        var (number, seed) = ImageOf(request);
        return $$"""{"prompt":"{{number}}","seed":{{seed}}}""";
    }

    private static StringContent Content(string body) => new(body, Encoding.UTF8, "application/json");
}
