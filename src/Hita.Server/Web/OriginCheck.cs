using Hita.Server.Requests;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Http;

namespace Hita.Server.Web;

/// <summary>
/// Refuses what a page of another origin sends from its visitor's browser. Such a page cannot read the answers, but it could make
/// the server work.
/// </summary>
internal static class OriginCheck
{
    public static void Check(HttpContext http, HitaServerOptions options)
    {
        var origin = http.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase))
            return;
        var own = $"{http.Request.Scheme}://{http.Request.Host}";
        if (!origin.Equals(own, StringComparison.OrdinalIgnoreCase))
            throw new ApiException(403, "foreign_origin", "Pages of this origin may not use this server; it is started with the origins that may.");
    }
}
