using Hita.Server.Requests;
using Hita.Server.Settings;
using Hita.Server.Web;
using Hita.Studio.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hita.Studio.Hosting;

/// <summary>What the pages fetch besides their files: a visitor's images, and the answer to the question for a key.</summary>
internal static class StudioEndpoints
{
    private static readonly TimeSpan WrongKeyPause = TimeSpan.FromMilliseconds(400);

    public static void Map(IEndpointRouteBuilder root)
    {
        root.MapGet("/studio/images/{id}", (HttpContext http, string id, string? download) =>
        {
            if (http.Items[StudioVisit.Session] is not StudioSession session || session.Gallery.Find(id) is not { } image)
                return Results.NotFound();
            http.Response.Headers.CacheControl = "private, max-age=86400, immutable";
            return Results.Bytes(image.File, image.ContentType, download is null ? null : image.FileName);
        }).ExcludeFromDescription();
        // What the gate lets through is known.
        root.MapGet("/studio/session", static () => Results.NoContent()).ExcludeFromDescription();
        root.MapPost("/studio/key", SignInAsync).DisableAntiforgery().ExcludeFromDescription();
    }

    private static async Task SignInAsync(HttpContext http, SessionStore sessions, HitaServerOptions options)
    {
        try
        {
            OriginCheck.Check(http, options);
        }
        catch (ApiException e)
        {
            await ApiErrors.WriteAsync(http, e).ConfigureAwait(false);
            return;
        }
        if (http.Request.ContentLength is not (> 0 and < 4096) || !http.Request.HasFormContentType)
        {
            await ApiErrors.WriteAsync(http, new ApiException(400, "invalid_form", "A form with the field 'key' is needed here.")).ConfigureAwait(false);
            return;
        }
        var key = (await http.Request.ReadFormAsync(http.RequestAborted).ConfigureAwait(false))["key"].ToString().Trim();
        if (!options.Keys.Accept(key))
        {
            // Guessing takes longer than typing.
            await Task.Delay(WrongKeyPause, http.RequestAborted).ConfigureAwait(false);
            http.Response.Redirect($"{http.Request.PathBase}/?key=wrong");
            return;
        }
        StudioGate.SetCookie(http, sessions.Begin());
        http.Response.Redirect($"{http.Request.PathBase}/");
    }
}
