using Hita.Server.Requests;
using Hita.Server.Settings;
using Hita.Server.Web;
using Hita.Studio.Sessions;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Hita.Studio.Hosting;

/// <summary>
/// Lets visitors in: knows them by a cookie, begins a session for new ones, and asks for a key first where the server has keys.
/// Pages of other origins cannot use it: the cookie is not sent from there, and the origin is checked.
/// </summary>
/// <param name="next">The rest.</param>
/// <param name="sessions">The visitors.</param>
/// <param name="options">The server's keys and origins.</param>
/// <param name="application">The program around.</param>
internal sealed class StudioGate(RequestDelegate next, SessionStore sessions, HitaServerOptions options, IHostApplicationLifetime application)
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    /// <summary>The cookie's name.</summary>
    public const string CookieName = "hita-studio";

    private const string Connection = "/_blazor";

    private static readonly string KeyPage = StudioAssets.Text("studio/key.html");

    public async Task InvokeAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var isPage = http.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not null;
        if (!isPage && !IsPrivate(http.Request.Path))
        {
            await next(http).ConfigureAwait(false);
            return;
        }
        if (isPage)
            http.Response.Headers.CacheControl = "no-store";
        var cookie = http.Request.Cookies[CookieName];
        var session = sessions.Find(cookie);
        if (session is null && isPage && !options.Keys.AreRequired)
        {
            session = sessions.Begin();
            SetCookie(http, session);
            http.Items[StudioVisit.IsReturning] = cookie is not null;
        }
        if (session is null)
        {
            await AskForKeyAsync(http, isPage).ConfigureAwait(false);
            return;
        }
        try
        {
            if (!isPage)
                OriginCheck.Check(http, options);
        }
        catch (ApiException e)
        {
            await ApiErrors.WriteAsync(http, e).ConfigureAwait(false);
            return;
        }
        http.Items[StudioVisit.Session] = session;
        if (!http.Request.Path.StartsWithSegments(Connection))
        {
            await next(http).ConfigureAwait(false);
            return;
        }
        // The framework closes the connections that there are when the program stops. One that a page makes just then would be
        // left over, and hold up the end for as long as it may.
        using var stopping = application.ApplicationStopping.Register(() => _ = Task.Delay(Farewell).ContinueWith(_ => http.Abort(), TaskScheduler.Default));
        if (application.ApplicationStopping.IsCancellationRequested)
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        else
            await next(http).ConfigureAwait(false);
    }

    /// <summary>Gives a visitor its cookie, which scripts cannot read and pages of other sites do not send.</summary>
    public static void SetCookie(HttpContext http, StudioSession session) => http.Response.Cookies.Append(CookieName, session.Id, new CookieOptions
    {
        HttpOnly = true,
        IsEssential = true,
        SameSite = SameSiteMode.Strict,
        Secure = http.Request.IsHttps,
        Path = http.Request.PathBase.HasValue ? http.Request.PathBase.Value : "/",
    });

    // The pages' connection, and visitors' images.
    private static bool IsPrivate(PathString path) => path.StartsWithSegments(Connection) || path.StartsWithSegments("/studio/images") || path == "/studio/session";

    private static Task AskForKeyAsync(HttpContext http, bool isPage)
    {
        if (!isPage)
            return ApiErrors.WriteAsync(http, new ApiException(401, "no_session", "This belongs to a page of the studio; open the page again."));
        // Without a referrer of its own origin, the form's request would name no origin either.
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(KeyPage, http.RequestAborted);
    }
}
