using System.Runtime.InteropServices;
using Hita.Runtime;
using SkiaSharp;

namespace Hita.Imaging;

/// <summary>
/// Reads images: JPEG, PNG, WebP, GIF and BMP, told by their content. Of an animation the first frame is read. Greyscale,
/// palettes, 16-bit samples (the upper 8 bits count) and CMYK (each ink multiplied by black, colour profiles ignored) become
/// RGB.
/// </summary>
/// <remarks>
/// Whatever the bytes are, the result is an image or a <see cref="ImageException"/>. A file that ends before its image
/// does is refused rather than shown half grey. Limits are checked on the header, before anything is decoded.
/// </remarks>
public static class ImageDecoder
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"];

    /// <summary>
    /// Whether a file's name ends as images' names do, to pick the images out of a folder. Decoding goes by the content
    /// alone.
    /// </summary>
    /// <param name="path">A file name; upper and lower case are the same.</param>
    public static bool HasImageExtension(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads an image file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to read it; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="ImageException">The file is missing, no image, broken, cut off or beyond the limits.</exception>
    public static Image Decode(string path, ImageDecodeOptions? options = null)
    {
        options ??= ImageDecodeOptions.Photo;
        return Decode(ImageBytes.Read(path, options.MaxFileBytes), path, options);
    }

    /// <summary>Reads an image from a stream, from its present position to its end.</summary>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="options">How to read it; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="ImageException">The bytes are no image, broken, cut off or beyond the limits.</exception>
    public static Image Decode(Stream stream, string name, ImageDecodeOptions? options = null)
    {
        options ??= ImageDecodeOptions.Photo;
        return Decode(ImageBytes.Read(stream, name, options.MaxFileBytes), name, options);
    }

    /// <summary>Reads an image from the bytes of a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="options">How to read it; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="ImageException">The bytes are no image, broken, cut off or beyond the limits.</exception>
    public static Image Decode(ReadOnlySpan<byte> bytes, string name, ImageDecodeOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= ImageDecodeOptions.Photo;
        var header = CheckedHeader(bytes, name, options);
        try
        {
            var image = DecodePixels(bytes, name, options, header);
            return options.HonourOrientation ? image.Orient(header.Orientation) : image;
        }
        catch (OutOfMemoryException e)
        {
            throw new ImageException(
                name, $"There is not enough memory to decode {header.Width}×{header.Height} pixels.", e);
        }
    }

    /// <summary>Reads an image file's size and format without decoding it; the limits apply.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The limits; those of <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="ImageException">The file is missing, no image, or beyond the limits.</exception>
    public static ImageInfo Identify(string path, ImageDecodeOptions? options = null)
    {
        options ??= ImageDecodeOptions.Photo;
        var header = CheckedHeader(ImageBytes.Read(path, options.MaxFileBytes), path, options);
        return new(header.Format, (int)header.Width, (int)header.Height, header.Orientation);
    }

    private static ImageHeader CheckedHeader(ReadOnlySpan<byte> bytes, string name, ImageDecodeOptions options)
    {
        if (bytes.Length > options.MaxFileBytes)
            throw ImageBytes.TooLarge(name, bytes.Length, options.MaxFileBytes);
        var header = ImageHeader.Read(bytes, name);
        CheckSize(header.Width, header.Height, header.MaxPixels, name, options);
        return header;
    }

    private static void CheckSize(long width, long height, long maxPixels, string name, ImageDecodeOptions options)
    {
        if (width < 1 || height < 1)
            throw new ImageException(name, $"The image has no pixels ({width}×{height}).");
        // Each side alone is checked first: the product of two 32-bit sides could pass beyond 64 bits only with signs lost.
        if (width > options.MaxPixels || height > options.MaxPixels || width * height > options.MaxPixels)
        {
            throw new ImageException(
                name, $"The image has {width}×{height} pixels, more than the limit of {options.MaxPixels / 1e6:0.######} million; make it smaller or raise the limit.");
        }
        if (width * height > maxPixels)
        {
            throw new ImageException(
                name, $"The header promises {width}×{height} pixels, which so short a file cannot hold; it is cut off or broken.");
        }
    }

    private static unsafe Image DecodePixels(
        ReadOnlySpan<byte> bytes, string name, ImageDecodeOptions options, ImageHeader header)
    {
        fixed (byte* start = bytes)
        {
            using var data = SKData.Create((nint)start, bytes.Length);
            using var codec = SKCodec.Create(data)
                ?? throw new ImageException(name, Reason(SKCodecResult.InvalidInput, header.Format, bytes));
            var (width, height) = (codec.Info.Width, codec.Info.Height);
            // A GIF's first frame may be larger than the screen that its header states.
            CheckSize(width, height, header.MaxPixels, name, options);

            var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            var rowBytes = (nuint)width * 4;
            var pixels = (byte*)NativeMemory.AllocZeroed((nuint)height, rowBytes);
            try
            {
                var result = codec.GetPixels(info, (nint)pixels, (int)rowBytes, SKCodecOptions.Default);
                if (result != SKCodecResult.Success)
                    throw new ImageException(name, Reason(result, header.Format, bytes));
                var image = new Image(width, height);
                for (var y = 0; y < height; y++)
                {
                    var source = new ReadOnlySpan<byte>(pixels + rowBytes * (nuint)y, (int)rowBytes);
                    if (options.AlphaOnWhite)
                        LayOnWhite(source, image.Row(y));
                    else
                        DropAlpha(source, image.Row(y));
                }
                return image;
            }
            finally
            {
                NativeMemory.Free(pixels);
            }
        }
    }

    private static string Reason(SKCodecResult result, ImageFormat format, ReadOnlySpan<byte> bytes)
    {
        // The decoder does not tell a progressive JPEG that ends early from a broken one, but its end marker does.
        var ends = format != ImageFormat.Jpeg || bytes.LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xD9]) >= 0;
        return result == SKCodecResult.IncompleteInput || !ends
            ? $"The {format.Name()} file is cut off before the image is complete; fetch it again."
            : $"The {format.Name()} data is broken or of a rare kind, and cannot be decoded; save the image again with another program.";
    }

    private static void LayOnWhite(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (int from = 0, to = 0; to < target.Length; from += 4, to += Image.Channels)
        {
            int alpha = source[from + 3];
            var white = 255 * (255 - alpha) + 127;
            target[to] = (byte)((source[from] * alpha + white) / 255);
            target[to + 1] = (byte)((source[from + 1] * alpha + white) / 255);
            target[to + 2] = (byte)((source[from + 2] * alpha + white) / 255);
        }
    }

    private static void DropAlpha(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (int from = 0, to = 0; to < target.Length; from += 4, to += Image.Channels)
        {
            target[to] = source[from];
            target[to + 1] = source[from + 1];
            target[to + 2] = source[from + 2];
        }
    }
}
