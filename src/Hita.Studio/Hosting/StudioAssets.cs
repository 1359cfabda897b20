using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Hita.Studio.Hosting;

/// <summary>
/// The files that the pages load: this program's own, the component library's and the framework's script. They are parts of the
/// assembly, because a program that is no web project has no folder of such files beside it.
/// </summary>
internal static class StudioAssets
{
    public static void Map(IEndpointRouteBuilder root)
    {
        foreach (var name in typeof(StudioAssets).Assembly.GetManifestResourceNames().Where(static n => TypeOf(n) is not null))
        {
            // Read and packed at the first request: most starts of the program serve no page.
            var asset = new Lazy<Asset>(() => Asset.Load(name));
            root.MapGet($"/{name}", (HttpContext http) => asset.Value.Answer(http)).ExcludeFromDescription();
        }
    }

    /// <summary>A file as text.</summary>
    public static string Text(string name) => System.Text.Encoding.UTF8.GetString(Asset.Load(name).Bytes);

    private static string? TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".woff2" => "font/woff2",
        _ => null,
    };

    private sealed record Asset(byte[] Bytes, byte[] Packed, string ContentType, EntityTagHeaderValue Tag)
    {
        public static Asset Load(string name)
        {
            using var stream = typeof(StudioAssets).Assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
                gzip.Write(bytes);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..12])}\"");
            return new Asset(bytes, packed.ToArray(), TypeOf(name) ?? "text/html; charset=utf-8", tag);
        }

        public IResult Answer(HttpContext http)
        {
            var headers = http.Response.Headers;
            // Asked for again at each visit and answered by "not modified": a new version is seen at once.
            headers.CacheControl = "no-cache";
            headers.Vary = "Accept-Encoding";
            if (!http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
                return Results.Bytes(Bytes, ContentType, entityTag: Tag);
            headers.ContentEncoding = "gzip";
            return Results.Bytes(Packed, ContentType, entityTag: Tag);
        }
    }
}
