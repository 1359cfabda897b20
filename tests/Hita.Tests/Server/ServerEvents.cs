using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Hita.Tests.Server;

/// <summary>Reads server-sent events as a client does.</summary>
internal static class ServerEvents
{
    public static async Task<List<(string Type, JsonElement Data)>> PostAsync(HttpClient client, string route, HttpContent content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = content };
        return await ReadAsync(client, request, cancellation);
    }

    public static async Task<List<(string Type, JsonElement Data)>> ReadAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellation)
    {
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        Assert.True(answer.IsSuccessStatusCode, answer.StatusCode.ToString());
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        var events = new List<(string, JsonElement)>();
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellation))
            events.Add((item.EventType, JsonDocument.Parse(item.Data).RootElement));
        return events;
    }
}
