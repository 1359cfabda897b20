using System.Buffers.Binary;

namespace Hita.Data.Sources;

/// <summary>What bytes packed with Zstandard can unpack to at most, by the heads of their frames and blocks.</summary>
internal static class ZstandardLength
{
    private const uint Magic = 0xFD2FB528;
    private const int MaxBlock = 128 << 10;

    /// <summary>The bound that the library takes memory for.</summary>
    /// <param name="file">The file.</param>
    /// <param name="at">Where they begin.</param>
    /// <param name="end">Where they end.</param>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static long Bound(ParquetFile file, long at, long end)
    {
        var total = 0L;
        while (at < end)
        {
            var head = file.At(at, (int)Math.Min(18, end - at));
            if (head.Length < 6)
                throw new InvalidDataException("a page is damaged");
            var magic = BinaryPrimitives.ReadUInt32LittleEndian(head);
            if ((magic & 0xFFFFFFF0) == 0x184D2A50 && head.Length >= 8)
            {
                at += 8L + BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
                continue;
            }
            if (magic != Magic)
                throw new InvalidDataException("a page is damaged");
            total += Frame(file, head, ref at, end);
            if (total is < 0 or > int.MaxValue)
                throw new InvalidDataException("a page unpacks to more than there can be");
        }
        return total;
    }

    private static long Frame(ParquetFile file, byte[] head, ref long at, long end)
    {
        var flags = head[4];
        var isSingle = (flags & 0x20) != 0;
        var dictionary = (flags & 3) switch { 0 => 0, 1 => 1, 2 => 2, _ => 4 };
        var sizeBytes = (flags >> 6) switch { 0 => isSingle ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        var sizeAt = 5 + (isSingle ? 0 : 1) + dictionary;
        if (sizeAt + sizeBytes > head.Length)
            throw new InvalidDataException("a page is damaged");
        Span<byte> number = stackalloc byte[8];
        number.Clear();
        head.AsSpan(sizeAt, sizeBytes).CopyTo(number);
        var size = BinaryPrimitives.ReadInt64LittleEndian(number) + (sizeBytes == 2 ? 256 : 0);
        at += sizeAt + sizeBytes;
        var blocks = 0L;
        for (var last = false; !last; blocks++)
        {
            if (at + 3 > end)
                throw new InvalidDataException("a page is damaged");
            var block = file.At(at, 3);
            var length = (block[0] | (block[1] << 8) | (block[2] << 16)) >> 3;
            last = (block[0] & 1) != 0;
            // A block of one byte repeated has that byte alone.
            at += 3 + ((block[0] >> 1 & 3) == 1 ? 1 : length);
        }
        at += (flags & 4) != 0 ? 4 : 0;
        return sizeBytes > 0 ? size : blocks * MaxBlock;
    }
}
