using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hita.Server.Web;

/// <summary>A page that shows the OpenAPI document. Nothing of it comes from another server.</summary>
internal static class DocumentPage
{
    public static void Map(IEndpointRouteBuilder root)
    {
        MapAsset(root, "/docs", "docs.html", "text/html; charset=utf-8");
        MapAsset(root, "/docs/docs.js", "docs.js", "text/javascript; charset=utf-8");
        MapAsset(root, "/docs/docs.css", "docs.css", "text/css; charset=utf-8");
    }

    private static void MapAsset(IEndpointRouteBuilder root, string path, string name, string contentType)
    {
        using var stream = typeof(DocumentPage).Assembly.GetManifestResourceStream($"Hita.Server.{name}")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        root.MapGet(path, () => Results.Bytes(bytes, contentType)).ExcludeFromDescription();
    }
}
