using System.Runtime.InteropServices;
using Hita.Runtime;
using SkiaSharp;

namespace Hita.Imaging;

/// <summary>
/// Reads pictures: JPEG, PNG, WebP, GIF and BMP, told by their content. Of an animation the first frame is read. Greyscale,
/// palettes, 16-bit samples (the upper 8 bits count) and CMYK (each ink multiplied by black, colour profiles ignored) become
/// RGB.
/// </summary>
/// <remarks>
/// Whatever the bytes are, the result is a picture or a <see cref="PictureException"/>. A file that ends before its picture
/// does is refused rather than shown half grey. Limits are checked on the header, before anything is decoded.
/// </remarks>
public static class PictureDecoder
{
    /// <summary>Reads a picture file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to read it; <see cref="PictureDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="PictureException">The file is missing, no picture, broken, cut off or beyond the limits.</exception>
    public static Picture Decode(string path, PictureDecodeOptions? options = null)
    {
        options ??= PictureDecodeOptions.Photo;
        return Decode(PictureBytes.Read(path, options.MaxFileBytes), path, options);
    }

    /// <summary>Reads a picture from a stream, from its present position to its end.</summary>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="options">How to read it; <see cref="PictureDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="PictureException">The bytes are no picture, broken, cut off or beyond the limits.</exception>
    public static Picture Decode(Stream stream, string name, PictureDecodeOptions? options = null)
    {
        options ??= PictureDecodeOptions.Photo;
        return Decode(PictureBytes.Read(stream, name, options.MaxFileBytes), name, options);
    }

    /// <summary>Reads a picture from the bytes of a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="options">How to read it; <see cref="PictureDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="PictureException">The bytes are no picture, broken, cut off or beyond the limits.</exception>
    public static Picture Decode(ReadOnlySpan<byte> bytes, string name, PictureDecodeOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= PictureDecodeOptions.Photo;
        var header = CheckedHeader(bytes, name, options);
        try
        {
            var picture = DecodePixels(bytes, name, options, header);
            return options.HonourOrientation ? picture.Orient(header.Orientation) : picture;
        }
        catch (OutOfMemoryException e)
        {
            throw new PictureException(
                name, $"There is not enough memory to decode {header.Width}×{header.Height} pixels.", e);
        }
    }

    /// <summary>Reads a picture file's size and format without decoding it; the limits apply.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The limits; those of <see cref="PictureDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="PictureException">The file is missing, no picture, or beyond the limits.</exception>
    public static PictureInfo Identify(string path, PictureDecodeOptions? options = null)
    {
        options ??= PictureDecodeOptions.Photo;
        var header = CheckedHeader(PictureBytes.Read(path, options.MaxFileBytes), path, options);
        return new(header.Format, (int)header.Width, (int)header.Height, header.Orientation);
    }

    private static PictureHeader CheckedHeader(ReadOnlySpan<byte> bytes, string name, PictureDecodeOptions options)
    {
        if (bytes.Length > options.MaxFileBytes)
            throw PictureBytes.TooLarge(name, bytes.Length, options.MaxFileBytes);
        var header = PictureHeader.Read(bytes, name);
        CheckSize(header.Width, header.Height, name, options);
        if (header.Width * header.Height > header.MostPixels)
        {
            throw new PictureException(
                name, $"The header promises {header.Width}×{header.Height} pixels, which {bytes.Length} bytes cannot hold; the file is cut off or broken.");
        }
        return header;
    }

    private static void CheckSize(long width, long height, string name, PictureDecodeOptions options)
    {
        if (width < 1 || height < 1)
            throw new PictureException(name, $"The picture has no pixels ({width}×{height}).");
        // Each side alone is checked first: the product of two 32-bit sides could pass beyond 64 bits only with signs lost.
        if (width > options.MaxPixels || height > options.MaxPixels || width * height > options.MaxPixels)
        {
            throw new PictureException(
                name, $"The picture has {width}×{height} pixels, more than the limit of {options.MaxPixels / 1e6:0.######} million; make it smaller or raise the limit.");
        }
    }

    private static unsafe Picture DecodePixels(
        ReadOnlySpan<byte> bytes, string name, PictureDecodeOptions options, PictureHeader header)
    {
        fixed (byte* start = bytes)
        {
            using var data = SKData.Create((nint)start, bytes.Length);
            using var codec = SKCodec.Create(data)
                ?? throw new PictureException(name, $"The {header.Format} data is broken and cannot be decoded.");
            var (width, height) = (codec.Info.Width, codec.Info.Height);
            // A GIF's first frame may be larger than the screen that its header states.
            CheckSize(width, height, name, options);

            var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            var rowBytes = (nuint)width * 4;
            var pixels = (byte*)NativeMemory.AllocZeroed((nuint)height, rowBytes);
            try
            {
                var result = codec.GetPixels(info, (nint)pixels, (int)rowBytes, SKCodecOptions.Default);
                if (result != SKCodecResult.Success)
                    throw new PictureException(name, Reason(result, header.Format));
                var picture = new Picture(width, height);
                for (var y = 0; y < height; y++)
                {
                    var source = new ReadOnlySpan<byte>(pixels + rowBytes * (nuint)y, (int)rowBytes);
                    if (options.AlphaOnWhite)
                        LayOnWhite(source, picture.Row(y));
                    else
                        DropAlpha(source, picture.Row(y));
                }
                return picture;
            }
            finally
            {
                NativeMemory.Free(pixels);
            }
        }
    }

    private static string Reason(SKCodecResult result, PictureFormat format) => result switch
    {
        SKCodecResult.IncompleteInput => $"The {format} file is cut off before the picture is complete; fetch it again.",
        SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => $"The {format} data is broken and cannot be decoded.",
        _ => $"The {format} data is of a kind that cannot be decoded; save the picture again with another program.",
    };

    private static void LayOnWhite(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (int from = 0, to = 0; to < target.Length; from += 4, to += Picture.Channels)
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
        for (int from = 0, to = 0; to < target.Length; from += 4, to += Picture.Channels)
        {
            target[to] = source[from];
            target[to + 1] = source[from + 1];
            target[to + 2] = source[from + 2];
        }
    }
}
