using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hita.Runtime;

namespace Hita.Hub.Pushing;

/// <summary>Asks the hub to change a repository; refusals become sentences.</summary>
internal sealed class PushRequests(HubTransport transport, HubSettings settings, HubReference target)
{
    private const int MaxAnswerBytes = 64 << 20;
    private static readonly Dictionary<string, string> NoHeaders = [];

    /// <summary>Posts JSON to the hub and gives its answer. Failures that may pass are tried again.</summary>
    /// <param name="relative">The address, below the hub's.</param>
    /// <param name="body">The JSON.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="accepted">A status that is as good as success; its answer is null.</param>
    /// <exception cref="HubException">It is refused, or the hub does not answer.</exception>
    public Task<JsonNode?> PostAsync(string relative, JsonNode body, CancellationToken cancellation, HttpStatusCode? accepted = null) =>
        PostAsync(transport.Address(relative), body.ToJsonString(), "application/json", NoHeaders, cancellation, accepted);

    /// <summary>As the other one, with any text to any address.</summary>
    public async Task<JsonNode?> PostAsync(
        Uri address, string body, string type, IReadOnlyDictionary<string, string> headers, CancellationToken cancellation, HttpStatusCode? accepted = null)
    {
        for (var failures = 1; ; failures++)
        {
            TimeSpan delay;
            try
            {
                using var answer = await transport.SendAsync(HttpMethod.Post, address, _ => Text(body, type), headers, cancellation).ConfigureAwait(false);
                if (answer.StatusCode == accepted)
                    return null;
                if (answer.IsSuccessStatusCode)
                    return await ReadAsync(answer, cancellation).ConfigureAwait(false);
                if (!HubTransport.IsTransient(answer.StatusCode) || failures >= settings.Attempts)
                    throw await FaultAsync(answer, cancellation).ConfigureAwait(false);
                delay = transport.DelayAfter(failures, answer);
            }
            catch (Exception e) when (HubTransport.IsTransient(e))
            {
                if (failures >= settings.Attempts)
                    throw Unreachable(e);
                delay = transport.DelayAfter(failures, answer: null);
            }
            await Task.Delay(delay, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The sentence for an answer that is no success.</summary>
    public async Task<HubException> FaultAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        var (host, repository) = (settings.Endpoint.Host, target.Repository);
        var owner = repository.Split('/')[0];
        var said = await SaidAsync(answer, cancellation).ConfigureAwait(false);
        var message = (int)answer.StatusCode switch
        {
            401 => $"{host} refuses the token in HF_TOKEN: it is wrong or has run out; make a new one, with permission to write, in the settings there.",
            403 => $"{host} does not let the owner of the token in HF_TOKEN write to {repository}{said}: use a token with permission to write, or another owner than {owner}.",
            404 => $"{host} has no place for {repository} at {target.Revision}{said}: check the owner's name, and that the token in HF_TOKEN may write there.",
            409 or 412 => $"{repository} has been changed by somebody else meanwhile{said}; nothing was committed: push again.",
            413 => $"{host} says that this is too large for {repository}{said}; nothing was committed.",
            429 => $"{host} has had too many requests from here; push again in a while: what has arrived there is not sent again.",
            507 => $"{host} has no room left for {repository}{said}; nothing was committed.",
            >= 500 => $"{host} answered {(int)answer.StatusCode} for {repository}{said}; nothing was committed: push again later, what has arrived there is not sent again.",
            _ => $"{host} refuses the push to {repository} with {(int)answer.StatusCode}{said}; nothing was committed.",
        };
        return new HubException(message, answer.StatusCode);
    }

    /// <summary>The sentence where there was no answer.</summary>
    public HubException Unreachable(Exception e) => new(
        $"{settings.Endpoint.Host} gave no answer for {target.Repository} ({SystemMessage.Of(e is HttpRequestException { InnerException: { } inner } ? inner : e)}): {HubTransport.Way(e)} and push again; what has arrived there is not sent again.",
        inner: e);

    /// <summary>A text as a body; its type says no character set, which some hosts take for another type.</summary>
    private static StringContent Text(string body, string type) => new(body, Encoding.UTF8, new System.Net.Http.Headers.MediaTypeHeaderValue(type));

    private async Task<JsonNode?> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            var text = await TextAsync(answer, MaxAnswerBytes, cancellation).ConfigureAwait(false);
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new HubException($"{settings.Endpoint.Host} answered for {target.Repository} with something that is no JSON; check HF_ENDPOINT.", answer.StatusCode, e);
        }
    }

    // What the hub says of a refusal, as a part of a sentence; a stranger's text.
    private async Task<string> SaidAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            var text = answer.Headers.TryGetValues("X-Error-Message", out var messages) ? messages.First() : null;
            text ??= JsonNode.Parse(await TextAsync(answer, 1 << 16, cancellation).ConfigureAwait(false)) is JsonObject json ? (json["error"] ?? json["message"])?.ToString() : null;
            return string.IsNullOrWhiteSpace(text) ? "" : $" ('{MessageText.Short(text.Trim())}')";
        }
        catch (Exception e) when (e is JsonException || HubTransport.IsTransient(e))
        {
            // The status says enough.
            return "";
        }
    }

    private Task<string> TextAsync(HttpResponseMessage answer, int limit, CancellationToken cancellation) => transport.InTimeAsync(
        async stop =>
        {
            await answer.Content.LoadIntoBufferAsync(limit, stop).ConfigureAwait(false);
            return await answer.Content.ReadAsStringAsync(stop).ConfigureAwait(false);
        },
        cancellation);
}
