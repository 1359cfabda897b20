using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Hita.Imaging;

namespace Hita.Tests.Support;

/// <summary>Small image files made byte by byte, for kinds that the product reads but does not write.</summary>
internal static class ImageFiles
{
    /// <summary>An image of four coloured quarters: red, green above blue, grey.</summary>
    public static Image Quarters(int width, int height)
    {
        var image = new Image(width, height);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                image[x, y] = (x < width / 2, y < height / 2) switch
                {
                    (true, true) => (200, 30, 30),
                    (false, true) => (30, 200, 30),
                    (true, false) => (30, 30, 200),
                    _ => (120, 120, 120),
                };
            }
        }
        return image;
    }

    /// <summary>An image with detail everywhere, the same for the same seed.</summary>
    public static Image Noise(int width, int height, int seed)
    {
        var image = new Image(width, height);
        new Random(seed).NextBytes(image.Pixels);
        return image;
    }

    public static byte[] Encode(Image image, ImageFormat format, ImageWriteOptions? options = null)
    {
        using var stream = new MemoryStream();
        ImageWriter.Write(image, stream, format, options);
        return stream.ToArray();
    }

    /// <summary>An EXIF block with an orientation, in either byte order.</summary>
    public static byte[] Exif(int orientation, bool littleEndian) => littleEndian
        ? [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0]
        : [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];

    public static byte[] JpegWithExif(byte[] jpeg, byte[] exif)
    {
        var length = 2 + 6 + exif.Length;
        return [.. jpeg[..2], 0xFF, 0xE1, (byte)(length >> 8), (byte)length, .. "Exif\0\0"u8, .. exif, .. jpeg[2..]];
    }

    /// <summary>A PNG with any header and rows, each row with its filter byte; extra chunks come before the pixels.</summary>
    public static byte[] Png(int width, int height, byte depth, byte colorType, byte[] rows, params (string Type, byte[] Data)[] chunks)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(rows);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (depth, colorType);
        return
        [
            0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, .. Chunk("IHDR", header), .. chunks.SelectMany(c => Chunk(c.Type, c.Data)),
            .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", []),
        ];
    }

    /// <summary>A GIF of 2×1 pixels with the given palette entries 0 and 1 in its first frame and the reverse in its second.</summary>
    public static byte[] AnimatedGif(byte[] palette)
    {
        // Codes of 3 bits: clear, first, second, end.
        static byte[] Frame(int first, int second)
        {
            var bits = 4 | first << 3 | second << 6 | 5 << 9;
            return [0x2C, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, (byte)bits, (byte)(bits >> 8), 0];
        }
        // Four palette entries, of which two are used.
        return
        [
            .. "GIF89a"u8, 2, 0, 1, 0, 0b1000_0001, 0, 0, .. palette, 0, 0, 0, 0, 0, 0,
            .. Frame(0, 1), .. (byte[])[0x21, 0xF9, 4, 0, 10, 0, 0, 0], .. Frame(1, 0), 0x3B,
        ];
    }

    /// <summary>An uncompressed bitmap of 24 bits; rows from the bottom up, or from the top down.</summary>
    public static byte[] Bmp(Image image, bool topDown = false)
    {
        var rowBytes = (image.RowBytes + 3) / 4 * 4;
        var file = new byte[54 + rowBytes * image.Height];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        file[10] = 54;
        file[14] = 40;
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), image.Width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), topDown ? -image.Height : image.Height);
        file[26] = 1;
        file[28] = 24;
        for (var y = 0; y < image.Height; y++)
        {
            var row = file.AsSpan(54 + rowBytes * (topDown ? y : image.Height - 1 - y));
            for (var x = 0; x < image.Width; x++)
                (row[x * 3 + 2], row[x * 3 + 1], row[x * 3]) = image[x, y];
        }
        return file;
    }

    /// <summary>A lossless WebP file in the extended layout, with an EXIF block behind the image.</summary>
    public static byte[] WebpWithExif(Image image, byte[] exif)
    {
        static byte[] Chunk(string type, byte[] data)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, data.Length);
            return [.. System.Text.Encoding.ASCII.GetBytes(type), .. length, .. data, .. new byte[data.Length % 2]];
        }
        var simple = Encode(image, ImageFormat.Webp, new() { Lossless = true });
        var (right, bottom) = (image.Width - 1, image.Height - 1);
        byte[] canvas = [8, 0, 0, 0, (byte)right, (byte)(right >> 8), 0, (byte)bottom, (byte)(bottom >> 8), 0];
        return Chunk("RIFF", [.. "WEBP"u8, .. Chunk("VP8X", canvas), .. simple[12..], .. Chunk("EXIF", exif)]);
    }

    /// <summary>A JPEG of 8×8 pixels of one colour with any number of components, as stored.</summary>
    /// <param name="adobe">Whether the mark that Adobe's programs leave is there.</param>
    /// <param name="samples">The colour, one sample a component.</param>
    public static byte[] FlatJpeg(bool adobe, params byte[] samples) => FlatJpeg(adobe, progressive: false, samples);

    /// <summary>The same, in one or the other order of storage; a progressive one has the scan of averages alone.</summary>
    public static byte[] FlatJpeg(bool adobe, bool progressive, params byte[] samples)
    {
        // Quantization by 1; one table where category s has the 4-bit code s, and one whose only code, 0, ends a block.
        var jpeg = new List<byte> { 0xFF, 0xD8 };
        if (adobe)
            jpeg.AddRange([0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0]);
        jpeg.AddRange([0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)1, 64)]);
        var count = (byte)samples.Length;
        jpeg.AddRange([0xFF, (byte)(progressive ? 0xC2 : 0xC0), 0, (byte)(8 + 3 * count), 8, 0, 8, 0, 8, count]);
        for (byte i = 1; i <= count; i++)
            jpeg.AddRange([i, 0x11, 0]);
        jpeg.AddRange([0xFF, 0xC4, 0, 31, 0x00, 0, 0, 0, 12, .. new byte[12], .. Enumerable.Range(0, 12).Select(s => (byte)s)]);
        jpeg.AddRange([0xFF, 0xC4, 0, 20, 0x10, 1, .. new byte[15], 0]);
        jpeg.AddRange([0xFF, 0xDA, 0, (byte)(6 + 2 * count), count]);
        for (byte i = 1; i <= count; i++)
            jpeg.AddRange([i, 0]);
        jpeg.AddRange([0, (byte)(progressive ? 0 : 63), 0]);

        var bits = "";
        foreach (var sample in samples)
        {
            var value = (sample - 128) * 8;
            var category = value == 0 ? 0 : (int)Math.Log2(Math.Abs(value)) + 1;
            bits += Convert.ToString(category, 2).PadLeft(4, '0');
            if (category > 0)
                bits += Convert.ToString(value > 0 ? value : value + (1 << category) - 1, 2).PadLeft(category, '0');
            if (!progressive)
                bits += "0";
        }
        bits = bits.PadRight((bits.Length + 7) / 8 * 8, '1');
        for (var at = 0; at < bits.Length; at += 8)
        {
            jpeg.Add(Convert.ToByte(bits.Substring(at, 8), 2));
            if (jpeg[^1] == 0xFF)
                jpeg.Add(0);
        }
        jpeg.AddRange([0xFF, 0xD9]);
        return [.. jpeg];
    }

    public static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(type), .. data];
        var chunk = new byte[body.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        body.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc32.HashToUInt32(body));
        return chunk;
    }
}
