using Hita.Imaging;
using Hita.Runtime;
using Microsoft.Extensions.AI;

namespace Hita.Extensions.AI;

/// <summary>How images are returned.</summary>
/// <param name="Format">The file format.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Size">What images are resized to; null where they stay as they are.</param>
internal sealed record ImageContent(ImageFormat Format, string MediaType, (int Width, int Height)? Size)
{
    private const int MaxSide = 16_384;

    /// <summary>What the options ask for.</summary>
    public static ImageContent Of(ImageGenerationOptions? options)
    {
        if (options?.ResponseFormat is { } format && format != ImageGenerationResponseFormat.Data)
            throw new HitaException($"Images are returned as data; a response format of {format} is not possible without a server.");
        (int, int)? size = options?.ImageSize is { IsEmpty: false } wanted ? (wanted.Width, wanted.Height) : null;
        if (size is var (width, height) && (width is < 1 or > MaxSide || height is < 1 or > MaxSide))
            throw new HitaException($"An image of {width}×{height} pixels is not possible; sides of 1 to {MaxSide} are.");
        return (options?.MediaType ?? "image/png").ToUpperInvariant() switch
        {
            "IMAGE/PNG" => new(ImageFormat.Png, "image/png", size),
            "IMAGE/WEBP" => new(ImageFormat.Webp, "image/webp", size),
            "IMAGE/JPEG" => new(ImageFormat.Jpeg, "image/jpeg", size),
            _ => throw new HitaException($"The media type '{PrintableText.Escape(options!.MediaType!)}' is not possible; image/png, image/webp and image/jpeg are."),
        };
    }

    /// <summary>An image as the response holds it.</summary>
    /// <param name="image">The image.</param>
    /// <param name="keyword">The PNG text that holds its settings.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="facts">What a caller may want to know.</param>
    public DataContent Encode(Image image, string keyword, string settings, AdditionalPropertiesDictionary facts)
    {
        var fitted = Size is var (width, height) && (width, height) != (image.Width, image.Height) ? ImageFit.Cover(image, width, height) : image;
        using var stream = new MemoryStream();
        // The settings make the image as it was decoded; another size is another image.
        var text = ReferenceEquals(fitted, image) ? new Dictionary<string, string> { [keyword] = settings } : [];
        ImageWriter.Write(fitted, stream, Format, new ImageWriteOptions { Text = text });
        return new DataContent(stream.ToArray(), MediaType) { AdditionalProperties = facts };
    }
}
