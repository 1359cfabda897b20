namespace Hita.Imaging;

/// <summary>A file format that images are read from.</summary>
public enum ImageFormat
{
    /// <summary>JPEG, baseline and progressive.</summary>
    Jpeg,

    /// <summary>PNG, of 1 to 16 bits.</summary>
    Png,

    /// <summary>WebP, lossy and lossless.</summary>
    Webp,

    /// <summary>GIF.</summary>
    Gif,

    /// <summary>Windows bitmap.</summary>
    Bmp,
}

/// <summary>What an image file's header says, before anything is decoded.</summary>
/// <param name="Format">The format, told by the content, never by the file's name.</param>
/// <param name="Width">Pixels in a row as stored, before any turning.</param>
/// <param name="Height">Rows as stored, before any turning.</param>
/// <param name="Orientation">The EXIF orientation, 1 to 8; 1 (upright) where the file says nothing.</param>
public sealed record ImageInfo(ImageFormat Format, int Width, int Height, int Orientation);

/// <summary>The formats' names as people write them.</summary>
internal static class ImageFormatNames
{
    /// <summary>The name for messages, for example <c>WebP</c>.</summary>
    public static string Name(this ImageFormat format) =>
        format == ImageFormat.Webp ? "WebP" : format.ToString().ToUpperInvariant();
}
