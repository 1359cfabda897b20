using System.Buffers.Binary;

namespace Hita.Imaging;

/// <summary>Reads the one EXIF entry that matters for looking at an image.</summary>
internal static class ExifOrientation
{
    private const ushort OrientationTag = 0x0112;
    private const ushort ShortType = 3;

    /// <summary>The orientation in an EXIF block, 1 to 8; 1 for anything missing or broken, as viewers do.</summary>
    /// <param name="exif">The block, with or without the leading <c>Exif\0\0</c>.</param>
    public static int Read(ReadOnlySpan<byte> exif)
    {
        if (exif.StartsWith("Exif\0"u8) && exif.Length >= 6)
            exif = exif[6..];
        if (exif.Length < 8)
            return 1;
        var little = exif.StartsWith("II*\0"u8);
        if (!little && !exif.StartsWith("MM\0*"u8))
            return 1;

        var directory = Number32(exif[4..], little);
        if (directory > exif.Length - 2)
            return 1;
        var entries = exif[(int)directory..];
        var count = Number16(entries, little);
        entries = entries[2..];
        for (var i = 0; i < count && entries.Length >= 12; i++, entries = entries[12..])
        {
            if (Number16(entries, little) != OrientationTag)
                continue;
            var value = Number16(entries[8..], little);
            return Number16(entries[2..], little) == ShortType && value is >= 1 and <= 8 ? value : 1;
        }
        return 1;
    }

    private static ushort Number16(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint Number32(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
