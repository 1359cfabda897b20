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
/// does is refused rather than shown half grey; one that lacks only what comes after is decoded, see
/// <see cref="ImageDecodeOptions.Noted"/>. Limits are checked on the header, before anything is decoded.
/// </remarks>
public static class ImageDecoder
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp"];

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

    /// <summary>How opaque each pixel of an image is, as an image of grey values: 0 is transparent, 255 opaque.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="options">The limits, and whether the orientation counts.</param>
    /// <exception cref="ImageException">The bytes are no image, broken, cut off or beyond the limits.</exception>
    internal static Image DecodeAlpha(ReadOnlySpan<byte> bytes, string name, ImageDecodeOptions options)
    {
        var header = CheckedHeader(bytes, name, options);
        var alpha = DecodePixels(bytes, name, options with { Noted = null }, header, alpha: true);
        return options.HonourOrientation ? alpha.Orient(header.Orientation) : alpha;
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

    private static Image DecodePixels(ReadOnlySpan<byte> bytes, string name, ImageDecodeOptions options, ImageHeader header, bool alpha = false)
    {
        if (TryDecode(bytes, name, options, header, alpha, out var result) is { } image)
            return image;
        if (header.Format == ImageFormat.Jpeg && JpegScans.Read(bytes) is { HasEnd: false, IsWhole: true } && DecodeUnended(bytes, name, options, header, alpha) is { } unended)
        {
            options.Noted?.Invoke($"{name}: The JPEG file lacks the marker at its end; all of the image is there.");
            return unended;
        }
        if (header.Format == ImageFormat.Png && PngChecksum.Mend(bytes, header.Width, header.Height) is { } mended && TryDecode(mended, name, options, header, alpha, out _) is { } whole)
        {
            options.Noted?.Invoke($"{name}: The checksum of the pixels in the PNG file is missing or wrong; all of the image is there.");
            return whole;
        }
        throw new ImageException(name, Reason(result, header.Format, bytes));
    }

    // Where the last pixels' bits are missing, what stands in their place shows; where none is missing, nothing does.
    private static Image? DecodeUnended(ReadOnlySpan<byte> bytes, string name, ImageDecodeOptions options, ImageHeader header, bool alpha)
    {
        const int Filler = 64;
        var first = TryDecode((byte[])[.. bytes, 0xFF, 0xD9], name, options, header, alpha, out _);
        foreach (var bits in (ReadOnlySpan<byte>)[0xAA, 0x55])
        {
            byte[] filled = [.. bytes, .. Enumerable.Repeat(bits, Filler), 0xFF, 0xD9];
            if (first is null || TryDecode(filled, name, options, header, alpha, out _) is not { } other || !first.Pixels.SequenceEqual(other.Pixels))
                return null;
        }
        return first;
    }

    // Null where the decoder does not come to the end.
    private static unsafe Image? TryDecode(
        ReadOnlySpan<byte> bytes, string name, ImageDecodeOptions options, ImageHeader header, bool alpha, out SKCodecResult result)
    {
        SkiaLibrary.Load();
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
                result = codec.GetPixels(info, (nint)pixels, (int)rowBytes, SKCodecOptions.Default);
                if (result != SKCodecResult.Success)
                    return null;
                // Programs that know of no transparency leave zeros where a bitmap's alpha may stand.
                var opaque = header.Format == ImageFormat.Bmp && IsTransparent(pixels, (nuint)height * rowBytes);
                var image = new Image(width, height);
                for (var y = 0; y < height; y++)
                {
                    var source = new ReadOnlySpan<byte>(pixels + rowBytes * (nuint)y, (int)rowBytes);
                    if (alpha)
                        TakeAlpha(source, image.Row(y), opaque);
                    else if (options.AlphaOnWhite && !opaque)
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

    private static unsafe bool IsTransparent(byte* pixels, nuint length)
    {
        for (nuint at = 3; at < length; at += 4)
        {
            if (pixels[at] != 0)
                return false;
        }
        return true;
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

    private static void TakeAlpha(ReadOnlySpan<byte> source, Span<byte> target, bool opaque)
    {
        for (int from = 0, to = 0; to < target.Length; from += 4, to += Image.Channels)
            target.Slice(to, Image.Channels).Fill(opaque ? byte.MaxValue : source[from + 3]);
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
