using System.Buffers.Binary;
using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>Where a zip file's directory lies.</summary>
/// <param name="Start">Its first byte in the file.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Count">Its entries.</param>
internal readonly record struct ZipEndOfDirectory(long Start, int Length, long Count)
{
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const int EndLength = 22;
    private const int End64Length = 56;
    private const int Locator64Length = 20;
    private const int MinEntry = 46;
    private const int MaxDirectory = 256 << 20;

    /// <summary>Finds the directory through the record at the end of the file.</summary>
    /// <exception cref="CheckpointException">There is none, or it lies outside the file.</exception>
    public static ZipEndOfDirectory Find(CheckpointBytes file)
    {
        // Files that torch writes end with the record; others may have a comment behind it.
        Span<byte> last = stackalloc byte[EndLength];
        if (file.Length < EndLength)
            throw CutShort(file);
        file.Read(file.Length - EndLength, last);
        if (IsEnd(last, EndLength))
            return Parse(file, last, file.Length - EndLength);

        var tail = new byte[(int)Math.Min(file.Length, EndLength + ushort.MaxValue)];
        file.Read(file.Length - tail.Length, tail);
        for (var at = tail.Length - EndLength; at >= 0; at--)
        {
            if (IsEnd(tail.AsSpan(at), tail.Length - at))
                return Parse(file, tail.AsSpan(at), file.Length - tail.Length + at);
        }
        throw CutShort(file);
    }

    private static bool IsEnd(ReadOnlySpan<byte> record, int left) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record) == EndSignature
        && EndLength + BinaryPrimitives.ReadUInt16LittleEndian(record[20..]) == left;

    private static ZipEndOfDirectory Parse(CheckpointBytes file, ReadOnlySpan<byte> end, long endStart)
    {
        long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (count == ushort.MaxValue || length == uint.MaxValue || start == uint.MaxValue)
            Parse64(file, endStart, ref start, ref length, ref count);
        if (start < 0 || length < 0 || count < 0 || start > endStart - length || length > MaxDirectory || length / MinEntry < count)
            throw new CheckpointException(file.Path, "the zip file is damaged: its directory lies outside the file; copy or download it again.");
        return new ZipEndOfDirectory(start, (int)length, count);
    }

    private static void Parse64(CheckpointBytes file, long endStart, ref long start, ref long length, ref long count)
    {
        Span<byte> locator = stackalloc byte[Locator64Length];
        if (endStart < Locator64Length)
            return;
        file.Read(endStart - Locator64Length, locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Locator64Signature)
            return;
        var at = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        Span<byte> end = stackalloc byte[End64Length];
        if (at >= 0 && at <= endStart - Locator64Length - End64Length)
        {
            file.Read(at, end);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) == End64Signature)
            {
                count = BinaryPrimitives.ReadInt64LittleEndian(end[32..]);
                length = BinaryPrimitives.ReadInt64LittleEndian(end[40..]);
                start = BinaryPrimitives.ReadInt64LittleEndian(end[48..]);
                return;
            }
        }
        throw new CheckpointException(file.Path, "the zip file is damaged: its ZIP64 directory is not where it should be; copy or download it again.");
    }

    private static CheckpointException CutShort(CheckpointBytes file) =>
        new(file.Path, "the file starts like a zip file but has no directory at its end; it was cut short, so copy or download it again.");
}
