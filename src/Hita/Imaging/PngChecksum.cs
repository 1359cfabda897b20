using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Hita.Imaging;

/// <summary>Mends PNG files that lack only the checksum at the end of their compressed data, or have a wrong one.</summary>
internal static class PngChecksum
{
    // Where each pass of an interlaced image begins, and its steps, as the format has them: x, y, across, down.
    private static readonly (int X, int Y, int Across, int Down)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>
    /// The file with its pixels compressed anew; null where some of them are missing, where the checksum of a chunk is wrong, or where
    /// the file is broken in another way.
    /// </summary>
    /// <param name="file">The whole file, whose header was read without fault.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    public static byte[]? Mend(ReadOnlySpan<byte> file, long width, long height)
    {
        const int HeaderEnd = 33;
        if (file.Length < HeaderEnd || file[28] > 1)
            return null;
        var mended = new MemoryStream();
        var packed = new MemoryStream();
        mended.Write(file[..HeaderEnd]);
        var at = HeaderEnd;
        while (at <= file.Length - 12)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            if (length > file.Length - at - 12)
                break;
            var chunk = file.Slice(at, 12 + (int)length);
            var body = chunk[4..^4];
            at += chunk.Length;
            if (body.StartsWith("IEND"u8))
                break;
            if (!body.StartsWith("IDAT"u8))
            {
                // What follows the pixels, such as texts, changes nothing about them.
                if (packed.Length == 0)
                    mended.Write(chunk);
                continue;
            }
            if (Crc32.HashToUInt32(body) != BinaryPrimitives.ReadUInt32BigEndian(chunk[^4..]))
                return null;
            packed.Write(body[4..]);
        }
        if (packed.Length < 3 || Repack(packed, Bytes(file, width, height)) is not { } pixels)
            return null;
        PngEncoder.WriteChunk(mended, "IDAT"u8, pixels.GetBuffer().AsSpan(0, (int)pixels.Length));
        PngEncoder.WriteChunk(mended, "IEND"u8, []);
        return mended.ToArray();
    }

    // Bytes of all rows with their filters.
    private static long Bytes(ReadOnlySpan<byte> file, long width, long height)
    {
        var bits = file[24] * (file[25] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 });
        if (file[28] == 0)
            return Rows(width, height);
        var bytes = 0L;
        foreach (var (x, y, across, down) in Passes)
            bytes += Rows((width - x + across - 1) / across, (height - y + down - 1) / down);
        return bytes;

        long Rows(long columns, long rows) => columns < 1 || rows < 1 ? 0 : rows * (1 + (((columns * bits) + 7) / 8));
    }

    private static MemoryStream? Repack(MemoryStream packed, long bytes)
    {
        // Behind two bytes of header follow the pixels, then the checksum.
        packed.Position = 2;
        var pixels = new MemoryStream();
        try
        {
            using var from = new DeflateStream(packed, CompressionMode.Decompress, leaveOpen: true);
            using (var to = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
            {
                var block = new byte[1 << 16];
                while (bytes > 0 && from.Read(block.AsSpan(0, (int)Math.Min(block.Length, bytes))) is > 0 and var read)
                {
                    to.Write(block.AsSpan(0, read));
                    bytes -= read;
                }
            }
            return bytes == 0 ? pixels : null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
    }
}
