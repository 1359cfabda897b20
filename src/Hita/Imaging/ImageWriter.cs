using Hita.Runtime;
using SkiaSharp;

namespace Hita.Imaging;

/// <summary>Writes images as PNG, JPEG or WebP.</summary>
/// <remarks>
/// A file is written beside its place and renamed, so that a crash or a full disk leaves either the old file or the new one,
/// never half of one.
/// </remarks>
public static class ImageWriter
{
    /// <summary>Writes an image to a file; the extension (.png, .jpg, .jpeg, .webp) chooses the format.</summary>
    /// <param name="image">The image.</param>
    /// <param name="path">The file, in a folder that exists; a file in its place is replaced.</param>
    /// <param name="options">Quality and texts; the defaults where null.</param>
    /// <exception cref="ImageException">The extension is unknown, the image too large for the format, or the place cannot be
    /// written: a missing or read-only folder, a full disk.</exception>
    public static void Write(Image image, string path, ImageWriteOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        var format = FormatOf(path);
        ImageFile.Write(path, stream => Write(image, stream, format, path, options ?? new()));
    }

    /// <summary>Writes an image to a stream.</summary>
    /// <param name="image">The image.</param>
    /// <param name="stream">Where the file's bytes go; it stays open.</param>
    /// <param name="format">PNG, JPEG or WebP.</param>
    /// <param name="options">Quality and texts; the defaults where null.</param>
    /// <exception cref="ImageException">The image is too large for the format.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The format is one that is only read.</exception>
    public static void Write(Image image, Stream stream, ImageFormat format, ImageWriteOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(stream);
        Write(image, stream, format, $"the {format.Name()} image", options ?? new());
    }

    /// <summary>The format that an extension stands for, to check a name before long work.</summary>
    /// <param name="path">A file name.</param>
    /// <exception cref="ImageException">The extension is not one that is written.</exception>
    public static ImageFormat FormatOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var extension = Path.GetExtension(path);
        return extension.ToUpperInvariant() switch
        {
            ".PNG" => ImageFormat.Png,
            ".JPG" or ".JPEG" => ImageFormat.Jpeg,
            ".WEBP" => ImageFormat.Webp,
            "" => throw new ImageException(path, "The name has no extension; images are written as .png, .jpg or .webp."),
            _ => throw new ImageException(path, $"Images are not written as {extension}; name the file .png, .jpg or .webp."),
        };
    }

    private static void Write(Image image, Stream stream, ImageFormat format, string name, ImageWriteOptions options)
    {
        switch (format)
        {
            case ImageFormat.Png:
                PngEncoder.Write(image, stream, name, options.Text);
                break;
            case ImageFormat.Jpeg:
                CheckSide(image, 65500, name, format);
                using (var data = Encode(image, name, map => map.Encode(JpegOptions(options.Quality))))
                    stream.Write(data.AsSpan());
                break;
            case ImageFormat.Webp:
                CheckSide(image, 16383, name, format);
                using (var data = Encode(image, name, map => map.Encode(WebpOptions(options))))
                    stream.Write(data.AsSpan());
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "Images are written as PNG, JPEG or WebP.");
        }
    }

    private static SKJpegEncoderOptions JpegOptions(int quality) => new(
        quality,
        // Halved colour resolution is what people expect of small files, and what spoils thin coloured lines in fine ones.
        quality >= 90 ? SKJpegEncoderDownsample.Downsample444 : SKJpegEncoderDownsample.Downsample420,
        SKJpegEncoderAlphaOption.Ignore);

    private static SKWebpEncoderOptions WebpOptions(ImageWriteOptions options) => options.Lossless
        ? new(SKWebpEncoderCompression.Lossless, 75)
        : new(SKWebpEncoderCompression.Lossy, options.Quality);

    private static void CheckSide(Image image, int most, string name, ImageFormat format)
    {
        if (image.Width > most || image.Height > most)
        {
            throw new ImageException(
                name, $"A {format.Name()} image has at most {most} pixels a side, this one is {image.Width}×{image.Height}; write a PNG.");
        }
    }

    /// <summary>Encodes an image by one of the image library's encoders.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">What it is, for messages.</param>
    /// <param name="encode">Encodes 32-bit pixels without transparency.</param>
    /// <returns>The file.</returns>
    /// <exception cref="ImageException">There is not enough memory, or the format cannot hold the image.</exception>
    internal static unsafe SKData Encode(Image image, string name, Func<SKPixmap, SKData?> encode)
    {
        SkiaLibrary.Load();
        var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var bitmap = new SKBitmap();
        if (!bitmap.TryAllocPixels(info))
            throw new ImageException(name, $"There is not enough memory to encode {image.Width}×{image.Height} pixels.");
        for (var y = 0; y < image.Height; y++)
        {
            var target = new Span<byte>((void*)(bitmap.GetPixels() + (nint)y * bitmap.RowBytes), image.Width * 4);
            ReadOnlySpan<byte> source = image.Row(y);
            for (int from = 0, to = 0; from < source.Length; from += Image.Channels, to += 4)
            {
                target[to] = source[from];
                target[to + 1] = source[from + 1];
                target[to + 2] = source[from + 2];
                target[to + 3] = 255;
            }
        }
        using var map = bitmap.PeekPixels();
        return encode(map) ?? throw new ImageException(name, "The image cannot be encoded in this format; write a PNG.");
    }
}
