using Hita.Imaging;

namespace Hita.Server.Requests;

/// <summary>The file format of an answer.</summary>
public enum OutputFormat
{
    /// <summary>PNG, with the settings inside.</summary>
    Png,

    /// <summary>WebP.</summary>
    Webp,

    /// <summary>JPEG.</summary>
    Jpeg,
}

/// <summary>Makes a file of an image.</summary>
/// <param name="Format">Its format.</param>
/// <param name="Quality">Of WebP and JPEG, 1 to 100; 100 keeps every pixel of a WebP.</param>
internal sealed record ImageEncoding(OutputFormat Format, int Quality = 95)
{
    public string ContentType => Format switch
    {
        OutputFormat.Webp => "image/webp",
        OutputFormat.Jpeg => "image/jpeg",
        _ => "image/png",
    };

    public string Extension => Format switch
    {
        OutputFormat.Webp => "webp",
        OutputFormat.Jpeg => "jpg",
        _ => "png",
    };

    public byte[] Encode(Image image, IReadOnlyDictionary<string, string>? text = null)
    {
        using var stream = new MemoryStream();
        var format = Format switch
        {
            OutputFormat.Webp => ImageFormat.Webp,
            OutputFormat.Jpeg => ImageFormat.Jpeg,
            _ => ImageFormat.Png,
        };
        ImageWriter.Write(image, stream, format, new ImageWriteOptions
        {
            Quality = Quality,
            Lossless = Format == OutputFormat.Webp && Quality == 100,
            Text = text ?? new Dictionary<string, string>(),
        });
        return stream.ToArray();
    }
}
