using System.Net;
using Hita.Server.Requests;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Http;

namespace Hita.Server.Web;

/// <summary>Checks the host's name and adds the headers that browsers guard pages by.</summary>
/// <param name="next">The rest.</param>
/// <param name="options">The names that are allowed.</param>
internal sealed class ProtectionMiddleware(RequestDelegate next, HitaServerOptions options)
{
    /// <summary>Everything from this origin and nothing from elsewhere. Components set sizes and colours by style attributes.</summary>
    public const string PagePolicy =
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; object-src 'none'; " +
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public async Task InvokeAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = PagePolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = options.AllowedOrigins.Count > 0 ? "cross-origin" : "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        if (!IsAllowed(http.Request.Host))
        {
            await ApiErrors.WriteAsync(http, new ApiException(421, "foreign_host", "This server does not answer under this name; use its address, or start it with the name among --allowed-host.")).ConfigureAwait(false);
            return;
        }
        await next(http).ConfigureAwait(false);
        // What routing answers by itself has no body; answers of the program around keep theirs.
        if (!http.Response.HasStarted && http.GetEndpoint() is null or { DisplayName: "405 HTTP Method Not Supported" or "415 HTTP Unsupported Media Type" }
            && Unrouted(http) is { } fault)
        {
            await ApiErrors.WriteAsync(http, fault).ConfigureAwait(false);
        }
    }

    private static ApiException? Unrouted(HttpContext http) => http.Response.StatusCode switch
    {
        404 => new ApiException(404, "not_found", "There is nothing at this address; /openapi/v1.json lists what there is."),
        405 => new ApiException(405, "method_not_allowed", $"This address does not take {Method(http)} requests; /openapi/v1.json lists what there is."),
        415 => new ApiException(415, "unsupported_media_type", "The body is of a kind that this address does not take; its Content-Type must be one that /openapi/v1.json lists."),
        _ => null,
    };

    private static string Method(HttpContext http) => http.Request.Method is "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" ? http.Request.Method : "such";

    private bool IsAllowed(HostString host)
    {
        if (options.AllowedHosts.Count == 0)
            return true;
        // Addresses cannot be made to point elsewhere; names can.
        return (IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)) ||
            options.AllowedHosts.Contains(host.Host, StringComparer.OrdinalIgnoreCase);
    }
}
