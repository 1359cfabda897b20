using System.Buffers.Binary;
using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Reads a JPEG file's segments up to its first scan.</summary>
internal static class JpegHeader
{
    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;
    private const byte Application1 = 0xE1;

    /// <summary>Programs write about ten scans; thousands of them only serve to keep a decoder busy. The decoder stops at 100.</summary>
    private const int MaxScans = 99;

    /// <summary>The header, or null where the segments do not lead to a frame and a scan.</summary>
    /// <param name="file">The whole file, from its start marker.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <exception cref="ImageException">It has more scans than any program writes.</exception>
    public static ImageHeader? Read(ReadOnlySpan<byte> file, string name)
    {
        long width = 0, height = 0;
        var orientation = 0;
        for (var at = 2; NextMarker(file, ref at) is { } marker;)
        {
            if (marker is EndOfImage)
                return null;
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
                continue;
            if (at + 2 > file.Length)
                return null;
            var length = BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
            if (length < 2 || length > file.Length - at)
                return null;
            var segment = file.Slice(at + 2, length - 2);
            if (marker is StartOfScan)
                break;
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (segment.Length < 6)
                    return null;
                height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]);
                width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
                if (marker is not (0xC0 or 0xC1) && JpegScans.Read(file).Count is > MaxScans and var scans)
                    throw new ImageException(name, $"The JPEG file has {scans} scans, more than the {MaxScans} that are read; save it again with another program.");
            }
            else if (marker is Application1 && orientation == 0 && segment.StartsWith("Exif\0"u8))
            {
                orientation = ExifOrientation.Read(segment);
            }
            at += length;
        }
        if (width == 0 && height == 0)
            return null;
        // A block of 8×8 pixels takes at least one bit in a progressive file; twice that for tables shared and odd samplings.
        return new(ImageFormat.Jpeg, width, height, Math.Max(orientation, 1), file.Length * 1024L);
    }

    /// <summary>The next marker, and the place behind it; null where there is none.</summary>
    public static byte? NextMarker(ReadOnlySpan<byte> file, ref int at)
    {
        while (at < file.Length)
        {
            var found = file[at..].IndexOf((byte)0xFF);
            if (found < 0)
                return null;
            at += found + 1;
            while (at < file.Length && file[at] == 0xFF)
                at++;
            if (at < file.Length && file[at++] is not 0 and var marker)
                return marker;
        }
        return null;
    }
}
