using Hita.Runtime;
using SkiaSharp;

namespace Hita.Imaging;

/// <summary>Writes pictures as PNG, JPEG or WebP.</summary>
/// <remarks>
/// A file is written beside its place and renamed, so that a crash or a full disk leaves either the old file or the new one,
/// never half of one.
/// </remarks>
public static class PictureWriter
{
    /// <summary>Writes a picture to a file; the extension (.png, .jpg, .jpeg, .webp) chooses the format.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="path">The file, in a folder that exists; a file in its place is replaced.</param>
    /// <param name="options">Quality and texts; the defaults where null.</param>
    /// <exception cref="PictureException">The extension is unknown, the picture too large for the format, or the place cannot be
    /// written: a missing or read-only folder, a full disk.</exception>
    public static void Write(Picture picture, string path, PictureWriteOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var format = FormatOf(path);
        PictureFile.Write(path, stream => Write(picture, stream, format, path, options ?? new()));
    }

    /// <summary>Writes a picture to a stream.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="stream">Where the file's bytes go; it stays open.</param>
    /// <param name="format">PNG, JPEG or WebP.</param>
    /// <param name="options">Quality and texts; the defaults where null.</param>
    /// <exception cref="PictureException">The picture is too large for the format.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The format is one that is only read.</exception>
    public static void Write(Picture picture, Stream stream, PictureFormat format, PictureWriteOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(stream);
        Write(picture, stream, format, $"the {format} picture", options ?? new());
    }

    /// <summary>The format that an extension stands for, to check a name before long work.</summary>
    /// <param name="path">A file name.</param>
    /// <exception cref="PictureException">The extension is not one that is written.</exception>
    public static PictureFormat FormatOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var extension = Path.GetExtension(path);
        return extension.ToUpperInvariant() switch
        {
            ".PNG" => PictureFormat.Png,
            ".JPG" or ".JPEG" => PictureFormat.Jpeg,
            ".WEBP" => PictureFormat.Webp,
            "" => throw new PictureException(path, "The name has no extension; pictures are written as .png, .jpg or .webp."),
            _ => throw new PictureException(path, $"Pictures are not written as {extension}; name the file .png, .jpg or .webp."),
        };
    }

    private static void Write(Picture picture, Stream stream, PictureFormat format, string name, PictureWriteOptions options)
    {
        switch (format)
        {
            case PictureFormat.Png:
                PngEncoder.Write(picture, stream, options.Text);
                break;
            case PictureFormat.Jpeg:
                CheckSide(picture, 65500, name, format);
                Encode(picture, stream, name, map => map.Encode(JpegOptions(options.Quality)));
                break;
            case PictureFormat.Webp:
                CheckSide(picture, 16383, name, format);
                Encode(picture, stream, name, map => map.Encode(WebpOptions(options)));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "Pictures are written as PNG, JPEG or WebP.");
        }
    }

    private static SKJpegEncoderOptions JpegOptions(int quality) => new(
        quality,
        // Halved colour resolution is what people expect of small files, and what spoils thin coloured lines in fine ones.
        quality >= 90 ? SKJpegEncoderDownsample.Downsample444 : SKJpegEncoderDownsample.Downsample420,
        SKJpegEncoderAlphaOption.Ignore);

    private static SKWebpEncoderOptions WebpOptions(PictureWriteOptions options) => options.Lossless
        ? new(SKWebpEncoderCompression.Lossless, 75)
        : new(SKWebpEncoderCompression.Lossy, options.Quality);

    private static void CheckSide(Picture picture, int most, string name, PictureFormat format)
    {
        if (picture.Width > most || picture.Height > most)
        {
            throw new PictureException(
                name, $"A {format} picture has at most {most} pixels a side, this one is {picture.Width}×{picture.Height}; write a PNG.");
        }
    }

    private static unsafe void Encode(Picture picture, Stream stream, string name, Func<SKPixmap, SKData?> encode)
    {
        var info = new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var bitmap = new SKBitmap();
        if (!bitmap.TryAllocPixels(info))
            throw new PictureException(name, $"There is not enough memory to encode {picture.Width}×{picture.Height} pixels.");
        for (var y = 0; y < picture.Height; y++)
        {
            var target = new Span<byte>((void*)(bitmap.GetPixels() + (nint)y * bitmap.RowBytes), picture.Width * 4);
            ReadOnlySpan<byte> source = picture.Row(y);
            for (int from = 0, to = 0; from < source.Length; from += Picture.Channels, to += 4)
            {
                target[to] = source[from];
                target[to + 1] = source[from + 1];
                target[to + 2] = source[from + 2];
                target[to + 3] = 255;
            }
        }
        using var map = bitmap.PeekPixels();
        using var data = encode(map) ?? throw new PictureException(name, "The picture cannot be encoded in this format; write a PNG.");
        stream.Write(data.AsSpan());
    }
}
