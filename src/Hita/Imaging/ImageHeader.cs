using System.Buffers.Binary;
using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>
/// What the first bytes of a file promise, so that limits are checked before anything is allocated, and a promise the file is far
/// too short to keep is refused. All but WebP's is read by our own code: the image library tells no size of what it refuses, and
/// sees neither the orientation of a PNG file nor the number of a JPEG file's scans.
/// </summary>
/// <param name="Format">The format.</param>
/// <param name="Width">Pixels in a row; may be any number a header can state.</param>
/// <param name="Height">Rows; may be any number a header can state.</param>
/// <param name="Orientation">The EXIF orientation, 1 to 8.</param>
/// <param name="MaxPixels">The most pixels that a file of this length can describe in its format.</param>
internal readonly record struct ImageHeader(ImageFormat Format, long Width, long Height, int Orientation, long MaxPixels)
{
    /// <summary>The formats that are read, for messages.</summary>
    public const string Formats = "JPEG, PNG, WebP, GIF and BMP";

    /// <summary>Reads a header.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <exception cref="ImageException">It is no image of a format that is read, or its header is broken.</exception>
    public static ImageHeader Read(ReadOnlySpan<byte> file, string name)
    {
        if (file.IsEmpty)
            throw new ImageException(name, "The file is empty.");
        ImageHeader? header;
        ImageFormat format;
        if (file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            (header, format) = (JpegHeader.Read(file, name), ImageFormat.Jpeg);
        else if (file.StartsWith(PngEncoder.Signature))
            (header, format) = (ReadPng(file), ImageFormat.Png);
        else if (file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8))
            (header, format) = (ReadGif(file), ImageFormat.Gif);
        else if (file.StartsWith("BM"u8) && LooksLikeBitmap(file))
            (header, format) = (ReadBmp(file), ImageFormat.Bmp);
        else if (file.StartsWith("RIFF"u8) && file.Length >= 12 && file[8..].StartsWith("WEBP"u8))
            (header, format) = (WebpHeader.Read(file), ImageFormat.Webp);
        else
            throw new ImageException(name, ForeignFormat.Message(file));
        return header ?? throw new ImageException(name, $"The {format.Name()} header is broken or cut off.");
    }

    private static ImageHeader? ReadPng(ReadOnlySpan<byte> file)
    {
        if (file.Length < 33 || !file[12..].StartsWith("IHDR"u8))
            return null;
        var width = BinaryPrimitives.ReadUInt32BigEndian(file[16..]);
        var height = BinaryPrimitives.ReadUInt32BigEndian(file[20..]);
        var depth = file[24];
        var samples = file[25] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        if (depth is not (1 or 2 or 4 or 8 or 16))
            return null;
        // Deflate's best case is 258 bytes from 2 bits.
        var most = file.Length * 1032L * 8 / (depth * samples);
        return new(ImageFormat.Png, width, height, PngOrientation(file), most);
    }

    private static int PngOrientation(ReadOnlySpan<byte> file)
    {
        for (var rest = file[8..]; rest.Length >= 12;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12)
                break;
            if (rest[4..].StartsWith("eXIf"u8))
                return ExifOrientation.Read(rest.Slice(8, (int)length));
            rest = rest[(12 + (int)length)..];
        }
        return 1;
    }

    private static ImageHeader? ReadGif(ReadOnlySpan<byte> file)
    {
        if (file.Length < 13)
            return null;
        var width = BinaryPrimitives.ReadUInt16LittleEndian(file[6..]);
        var height = BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        // Where the screen has no size it takes the first frame's, as browsers show it.
        if ((width == 0 || height == 0) && GifFrame.FirstSize(file) is { } frame)
            (width, height) = ((ushort)frame.Width, (ushort)frame.Height);
        // A code of 12 bits stands for at most 4,096 pixels. A first frame that leaves nearly all of a huge screen empty could be
        // smaller still; no program writes that.
        return new(ImageFormat.Gif, width, height, 1, file.Length * 2731L);
    }

    private static bool LooksLikeBitmap(ReadOnlySpan<byte> file) =>
        file.Length < 18 || BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) is 12 or 16 or (>= 40 and <= 256);

    private static ImageHeader? ReadBmp(ReadOnlySpan<byte> file)
    {
        if (file.Length < 26)
            return null;
        long width, height;
        int bits;
        var compression = 0u;
        if (BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) is 12)
        {
            width = BinaryPrimitives.ReadUInt16LittleEndian(file[18..]);
            height = BinaryPrimitives.ReadUInt16LittleEndian(file[20..]);
            bits = BinaryPrimitives.ReadUInt16LittleEndian(file[24..]);
        }
        else
        {
            if (file.Length < 34)
                return null;
            width = BinaryPrimitives.ReadInt32LittleEndian(file[18..]);
            // A negative height says that the rows go from the top down.
            height = Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(file[22..]));
            bits = BinaryPrimitives.ReadUInt16LittleEndian(file[28..]);
            compression = BinaryPrimitives.ReadUInt32LittleEndian(file[30..]);
        }
        if (width < 0 || bits is not (1 or 2 or 4 or 8 or 16 or 24 or 32))
            return null;
        // Run-length coded rows (1 and 2) can skip any distance; all others are stored as they are.
        var most = compression is 1 or 2 ? long.MaxValue : file.Length * 8L / bits;
        return new(ImageFormat.Bmp, width, height, 1, most);
    }
}
