using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Hita.Imaging;

/// <summary>
/// Writes PNG files of 24-bit colour. An own writer, as the image library's keeps neither texts nor 24-bit rows in memory.
/// </summary>
internal static class PngEncoder
{
    private const int MaxChunk = 1 << 20;

    /// <summary>The bytes every PNG starts with.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Writes an image with texts.</summary>
    /// <param name="image">The image.</param>
    /// <param name="stream">Where it goes.</param>
    /// <param name="texts">Texts by keyword.</param>
    /// <exception cref="ArgumentException">A keyword is not one that PNG allows.</exception>
    public static void Write(Image image, Stream stream, IReadOnlyDictionary<string, string> texts)
    {
        stream.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        header[8] = 8; // bits a sample
        header[9] = 2; // red, green, blue
        header[10..].Clear(); // deflate, adaptive filters, not interlaced
        WriteChunk(stream, "IHDR"u8, header);
        foreach (var (keyword, text) in texts)
            WriteText(stream, keyword, text);

        using var packed = Pack(image);
        var rest = packed.GetBuffer().AsSpan(0, (int)packed.Length);
        while (!rest.IsEmpty)
        {
            var part = rest[..Math.Min(rest.Length, MaxChunk)];
            WriteChunk(stream, "IDAT"u8, part);
            rest = rest[part.Length..];
        }
        WriteChunk(stream, "IEND"u8, []);
    }

    private static MemoryStream Pack(Image image)
    {
        var packed = new MemoryStream();
        using var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true);
        ReadOnlySpan<byte> above = new byte[image.RowBytes];
        var candidates = new byte[5][];
        for (var i = 0; i < candidates.Length; i++)
            candidates[i] = new byte[1 + image.RowBytes];
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Row(y);
            zlib.Write(Smallest(row, above, candidates));
            above = row;
        }
        return packed;
    }

    // The filter whose differences are smallest in sum usually compresses best; the PNG specification's own advice.
    private static byte[] Smallest(ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, byte[][] candidates)
    {
        for (var filter = 0; filter < candidates.Length; filter++)
        {
            candidates[filter][0] = (byte)filter;
            PngFilters.Apply(filter, row, above, candidates[filter].AsSpan(1));
        }
        var best = candidates[0];
        var min = long.MaxValue;
        foreach (var candidate in candidates)
        {
            var sum = 0L;
            foreach (var value in candidate.AsSpan(1))
                sum += Math.Abs((int)(sbyte)value);
            if (sum < min)
                (best, min) = (candidate, sum);
        }
        return best;
    }

    private static void WriteText(Stream stream, string keyword, string text)
    {
        if (keyword.Length is 0 or > 79 || keyword.Any(c => c is < ' ' or > '~') || keyword[0] == ' ' || keyword[^1] == ' ')
        {
            throw new ArgumentException(
                $"'{keyword}' cannot be the keyword of a PNG text: 1 to 79 plain letters, digits or signs are allowed.");
        }
        using var chunk = new MemoryStream();
        chunk.Write(Encoding.Latin1.GetBytes(keyword));
        chunk.WriteByte(0);
        // The older form holds Latin-1 alone; programs that show texts know it best.
        if (text.All(c => c is '\n' or (>= ' ' and <= '~') or (>= '\u00a1' and <= '\u00ff')))
        {
            chunk.Write(Encoding.Latin1.GetBytes(text));
            WriteChunk(stream, "tEXt"u8, chunk.ToArray());
            return;
        }
        chunk.Write([0, 0, 0, 0]); // not compressed (two bytes), no language, no translated keyword
        chunk.Write(Encoding.UTF8.GetBytes(text));
        WriteChunk(stream, "iTXt"u8, chunk.ToArray());
    }

    /// <summary>Writes a chunk: length, type, data and their CRC.</summary>
    internal static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        stream.Write(number);
        stream.Write(type);
        stream.Write(data);
        var crc = new Crc32();
        crc.Append(type);
        crc.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, crc.GetCurrentHashAsUInt32());
        stream.Write(number);
    }
}
