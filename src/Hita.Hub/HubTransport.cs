using System.Net;
using System.Net.Http.Headers;
using Hita.Runtime;

namespace Hita.Hub;

/// <summary>Asks the hub. Redirections are followed here, so that the token stays with the hub's own host; faults become sentences.</summary>
internal sealed class HubTransport : IDisposable
{
    private const int MaxRedirections = 8;

    private readonly HubSettings _settings;
    private readonly HttpClient _http;

    public HubTransport(HubSettings settings, HttpMessageHandler? handler = null)
    {
        OpenSslLibrary.Require("Connections to the hub");
        _settings = settings;
        // Waiting has its own limits below: a large file takes as long as it takes.
        _http = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = settings.StallTime })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("hita/0.1");
    }

    /// <summary>An address on the hub.</summary>
    public Uri Address(string relative) => new(_settings.Endpoint, relative);

    /// <summary>Asks once, following redirections. The body is not read yet.</summary>
    /// <param name="address">The address.</param>
    /// <param name="range">Bytes wanted; null for all.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The answer, whatever its status, and the address that gave it.</returns>
    /// <exception cref="HttpRequestException">The host cannot be reached.</exception>
    /// <exception cref="TimeoutException">It does not answer.</exception>
    public async Task<(HttpResponseMessage Answer, Uri From)> AskAsync(Uri address, RangeHeaderValue? range, CancellationToken cancellation)
    {
        for (var hop = 0; ; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Range = range;
            // Compressed answers have other bytes than the ranges asked for.
            request.Headers.AcceptEncoding.ParseAdd("identity");
            if (_settings.Token is { } token && IsHub(address))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            var answer = await InTimeAsync(stop => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop), cancellation).ConfigureAwait(false);
            if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location)
                return (answer, address);
            answer.Dispose();
            address = Next(address, location, hop);
        }
    }

    /// <summary>Sends something. Redirections that ask for the same again are followed; what was given goes to the first host alone.</summary>
    /// <param name="method">What to do.</param>
    /// <param name="address">Where.</param>
    /// <param name="body">Makes the body, anew for each attempt; it is given what it calls when bytes have moved. Null for none.</param>
    /// <param name="headers">Headers besides; the token is added for the hub's own host unless they hold another one.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The answer, whatever its status. Its body has not been read.</returns>
    /// <exception cref="HttpRequestException">The host cannot be reached.</exception>
    /// <exception cref="TimeoutException">Nothing moves.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri address, Func<Action, HttpContent>? body, IReadOnlyDictionary<string, string> headers, CancellationToken cancellation)
    {
        for (var hop = 0; ; hop++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(_settings.StallTime);
            using var request = new HttpRequestMessage(method, address) { Content = body?.Invoke(() => limit.CancelAfter(_settings.StallTime)) };
            foreach (var (name, value) in hop == 0 ? headers : new Dictionary<string, string>())
                request.Headers.TryAddWithoutValidation(name, value);
            if (request.Headers.Authorization is null && _settings.Token is { } token && IsHub(address))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            HttpResponseMessage answer;
            try
            {
                answer = await FromNetworkAsync(_http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token)).ConfigureAwait(false);
            }
            catch (Exception e) when (limit.IsCancellationRequested && (e is OperationCanceledException || IsTransient(e)))
            {
                // A body that is given up while it is sent comes as a fault of the connection.
                cancellation.ThrowIfCancellationRequested();
                throw new TimeoutException($"nothing moved for {_settings.StallTime.TotalSeconds:0.#} s");
            }
            if ((int)answer.StatusCode is not (307 or 308) || answer.Headers.Location is not { } location)
                return answer;
            answer.Dispose();
            address = Next(address, location, hop);
        }
    }

    /// <summary>Does something that waits for the network, for as long as <see cref="HubSettings.StallTime"/> allows.</summary>
    /// <exception cref="TimeoutException">Nothing came.</exception>
    public async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> wait, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_settings.StallTime);
        try
        {
            return await wait(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing arrived for {_settings.StallTime.TotalSeconds:0.#} s");
        }
    }

    /// <summary>Reads from the network, whose faults come in more than one kind: a broken TLS record, say, as a plain <see cref="IOException"/>.</summary>
    public static async Task<T> FromNetworkAsync<T>(Task<T> read)
    {
        try
        {
            return await read.ConfigureAwait(false);
        }
        catch (IOException e) when (e is not HttpIOException)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, SystemMessage.Of(e), e);
        }
    }

    /// <summary>Whether an answer may be another one a little later.</summary>
    public static bool IsTransient(HttpStatusCode status) => (int)status is 408 or 429 or >= 500;

    /// <summary>Whether a failure may be none a little later.</summary>
    public static bool IsTransient(Exception e) => e is HttpRequestException or TimeoutException or HttpIOException or IOException { InnerException: System.Net.Sockets.SocketException };

    /// <summary>Whether there is no network, or nobody at the address.</summary>
    public static bool IsAway(Exception e) => e is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError };

    /// <summary>How long to wait after a failure.</summary>
    /// <param name="failures">Failures in a row, from 1.</param>
    /// <param name="answer">The answer, which may say how long; null where there was none.</param>
    public TimeSpan DelayAfter(int failures, HttpResponseMessage? answer)
    {
        var own = _settings.RetryDelay * Math.Pow(2, Math.Min(failures - 1, 6));
        var asked = answer?.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ => TimeSpan.Zero,
        };
        // An hour is for the user to wait, not for a program.
        return asked > own && asked < TimeSpan.FromMinutes(2) ? asked : own;
    }

    /// <summary>The sentence for an answer that is no success.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="reference">What was asked for.</param>
    /// <param name="file">The file that was asked for; null for the repository itself.</param>
    public HubException Fault(HttpResponseMessage answer, HubReference reference, string? file)
    {
        var code = answer.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.First() : "";
        var (host, what) = (_settings.Endpoint.Host, file is null ? reference.Repository : $"{PrintableText.Escape(file)} of {reference.Repository}");
        var message = (answer.StatusCode, code) switch
        {
            (_, "GatedRepo") or (HttpStatusCode.Forbidden, _) when _settings.Token is null =>
                $"{reference.Repository} is given out to those alone who accepted its terms: accept them at {_settings.Endpoint}{reference.Repository}, and put an access token into HF_TOKEN.",
            (_, "GatedRepo") or (HttpStatusCode.Forbidden, _) =>
                $"{host} does not give {what} to the owner of the token in HF_TOKEN: accept the terms at {_settings.Endpoint}{reference.Repository}, or use a token that may read it.",
            (_, "RevisionNotFound") => $"{reference.Repository} has no revision '{reference.Revision}'; leave @{reference.Revision} out for its main branch.",
            (HttpStatusCode.Unauthorized, _) when _settings.Token is null =>
                $"{reference.Repository} is not on {host}, or it is private: check the name, or put an access token into HF_TOKEN.",
            (HttpStatusCode.Unauthorized, _) => $"{host} refuses the token in HF_TOKEN for {what}: it is wrong or has run out; make a new one in the settings there.",
            (HttpStatusCode.NotFound, _) when file is not null => $"{reference.Repository} has no file {PrintableText.Escape(file)} at revision {reference.Revision}.",
            (HttpStatusCode.NotFound, _) => $"{reference.Repository} is not on {host}; check the name, which is written OWNER/NAME.",
            (HttpStatusCode.TooManyRequests, _) =>
                $"{host} has had too many requests from here; try again in a while{(_settings.Token is null ? ", or with an access token in HF_TOKEN, which may ask more often" : "")}.",
            _ => $"{host} answered {(int)answer.StatusCode} for {what}; try again later.",
        };
        return new HubException(message, answer.StatusCode) { ErrorCode = code };
    }

    /// <summary>The sentence where there was no answer.</summary>
    public HubException Unreachable(Exception e, string what) => new(
        $"{_settings.Endpoint.Host} gave no answer for {PrintableText.Escape(what)} ({Words(e)}): {Way(e)} and try again; what has arrived is kept.", inner: e);

    /// <summary>What to do about a network that does not answer. On a bare Linux nothing vouches for any host.</summary>
    public static string Way(Exception e) => e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } && OperatingSystem.IsLinux()
        ? "install this system's package ca-certificates where it is missing, check the connection"
        : "check the connection";

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static Uri Next(Uri address, Uri location, int hop)
    {
        var next = new Uri(address, location);
        if (hop == MaxRedirections)
            throw new HubException($"{address.Host} redirects in a circle; try again later.");
        return next.Scheme is not ("http" or "https") || (address.Scheme == "https" && next.Scheme != "https")
            ? throw new HubException($"{address.Host} redirects to {PrintableText.Escape(next.GetLeftPart(UriPartial.Authority))}, which is not secure; nothing was exchanged with it.")
            : next;
    }

    private static string Words(Exception e) => SystemMessage.Of(e is HttpRequestException { InnerException: { } inner } ? inner : e);

    private bool IsHub(Uri address) =>
        address.Scheme == _settings.Endpoint.Scheme && address.Host == _settings.Endpoint.Host && address.Port == _settings.Endpoint.Port;
}
