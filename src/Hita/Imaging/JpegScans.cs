using System.Buffers.Binary;

namespace Hita.Imaging;

/// <summary>What a JPEG file's segments say about its scans, up to the end of the image: what follows that is none of its own.</summary>
/// <param name="Count">Scans.</param>
/// <param name="HasEnd">Whether the marker that ends the image is there.</param>
/// <param name="IsWhole">
/// Whether the scans together bring every coefficient of every component in full precision. The last one may still be cut off.
/// </param>
internal readonly record struct JpegScans(int Count, bool HasEnd, bool IsWhole)
{
    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;
    private const int Coefficients = 64;

    /// <summary>Reads the segments; broken ones end the reading.</summary>
    /// <param name="file">The whole file, from its start marker.</param>
    public static JpegScans Read(ReadOnlySpan<byte> file)
    {
        var (count, components, progressive) = (0, Array.Empty<byte>(), false);
        var missing = Array.Empty<byte>();
        for (var at = 2; JpegHeader.NextMarker(file, ref at) is { } marker;)
        {
            if (marker is EndOfImage)
                return new(count, true, IsAllThere(missing));
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
                continue;
            if (at + 2 > file.Length || BinaryPrimitives.ReadUInt16BigEndian(file[at..]) is var length && (length < 2 || length > file.Length - at))
                break;
            var segment = file.Slice(at + 2, length - 2);
            at += length;
            if (marker is StartOfScan)
            {
                count++;
                Take(segment, components, progressive, missing);
            }
            else if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) && components.Length == 0)
            {
                components = Components(segment);
                progressive = marker is 0xC2 or 0xC6 or 0xCA or 0xCE;
                missing = new byte[components.Length * Coefficients];
                missing.AsSpan().Fill(byte.MaxValue);
            }
        }
        return new(count, false, IsAllThere(missing));
    }

    private static bool IsAllThere(byte[] missing) => missing.Length > 0 && missing.AsSpan().IndexOfAnyExcept((byte)0) < 0;

    private static byte[] Components(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 6 || frame[5] is 0 or > 4 || frame.Length < 6 + (3 * frame[5]))
            return [];
        var names = new byte[frame[5]];
        for (var i = 0; i < names.Length; i++)
            names[i] = frame[6 + (3 * i)];
        return names;
    }

    // Notes how many low bits of each coefficient are still to come: none after a sequential scan.
    private static void Take(ReadOnlySpan<byte> scan, byte[] components, bool progressive, byte[] missing)
    {
        if (scan.Length < 1 || scan[0] is 0 or > 4 || scan.Length < 4 + (2 * scan[0]))
            return;
        var band = scan[(1 + (2 * scan[0]))..];
        var (first, last, bits) = progressive ? (band[0], band[1], (byte)(band[2] & 15)) : ((byte)0, (byte)(Coefficients - 1), (byte)0);
        if (first > last || last >= Coefficients)
            return;
        for (var i = 0; i < scan[0]; i++)
        {
            var component = components.AsSpan().IndexOf(scan[1 + (2 * i)]);
            if (component >= 0)
                missing.AsSpan((component * Coefficients) + first, last - first + 1).Fill(bits);
        }
    }
}
