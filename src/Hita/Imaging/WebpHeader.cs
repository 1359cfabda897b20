using System.Buffers.Binary;

namespace Hita.Imaging;

/// <summary>Reads the chunks of a WebP file that state its size and orientation.</summary>
internal static class WebpHeader
{
    /// <summary>The header, or null where there is none.</summary>
    /// <param name="file">The whole file, from its RIFF mark.</param>
    public static ImageHeader? Read(ReadOnlySpan<byte> file)
    {
        // The shortest there is: one colour in the lossless form takes less than thirty bytes.
        if (file.Length < 25)
            return null;
        var payload = file[20..];
        long width, height;
        var orientation = 1;
        if (payload.Length >= 10 && file[12..].StartsWith("VP8X"u8))
        {
            width = 1 + Number24(payload[4..]);
            height = 1 + Number24(payload[7..]);
            orientation = Orientation(file[12..]);
        }
        else if (file[12..].StartsWith("VP8L"u8) && payload[0] == 0x2F)
        {
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(payload[1..]);
            width = 1 + (packed & 0x3FFF);
            height = 1 + (packed >> 14 & 0x3FFF);
        }
        else if (payload.Length >= 10 && file[12..].StartsWith("VP8 "u8) && payload[3..].StartsWith((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A]))
        {
            width = BinaryPrimitives.ReadUInt16LittleEndian(payload[6..]) & 0x3FFF;
            height = BinaryPrimitives.ReadUInt16LittleEndian(payload[8..]) & 0x3FFF;
        }
        else
        {
            return null;
        }
        // One colour takes no bits at all in the lossless form, so that the file's length promises nothing.
        return new(ImageFormat.Webp, width, height, orientation, long.MaxValue);
    }

    private static int Orientation(ReadOnlySpan<byte> chunks)
    {
        while (chunks.Length >= 8)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(chunks[4..]);
            if (length > chunks.Length - 8)
                break;
            if (chunks.StartsWith("EXIF"u8))
                return ExifOrientation.Read(chunks.Slice(8, (int)length));
            // Chunks are padded to an even length.
            var next = 8 + length + (length & 1);
            if (next >= chunks.Length)
                break;
            chunks = chunks[(int)next..];
        }
        return 1;
    }

    private static int Number24(ReadOnlySpan<byte> bytes) => bytes[0] | bytes[1] << 8 | bytes[2] << 16;
}
