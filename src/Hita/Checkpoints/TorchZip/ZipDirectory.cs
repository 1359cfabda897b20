using System.Buffers.Binary;
using System.Text;
using Hita.Runtime;

namespace Hita.Checkpoints.TorchZip;

/// <summary>One file inside a zip file.</summary>
/// <param name="Name">Its name, with folders.</param>
/// <param name="Deflated">Whether it is compressed.</param>
/// <param name="StoredLength">Bytes it takes in the zip file.</param>
/// <param name="Length">Bytes it claims to have once unpacked.</param>
/// <param name="HeaderStart">Where its own header starts in the zip file.</param>
internal sealed record ZipEntry(string Name, bool Deflated, long StoredLength, long Length, long HeaderStart);

/// <summary>
/// The central directory of a zip file, with ZIP64. Only positions and sizes are taken from it: entries are read in place,
/// nothing is ever unpacked to disk.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const int EndLength = 22;
    private const int EntryLength = 46;
    private const int LocalLength = 30;
    private const int MostComment = 65535;
    private const int EntryCost = 260;

    private readonly CheckpointBytes _file;

    private ZipDirectory(CheckpointBytes file) => _file = file;

    /// <summary>All entries by name.</summary>
    public Dictionary<string, ZipEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads and checks the directory.</summary>
    /// <exception cref="CheckpointException">It is damaged, or uses features no weight file has.</exception>
    public static ZipDirectory Read(CheckpointBytes file, AllocationBudget budget)
    {
        var zip = new ZipDirectory(file);
        var (start, length, count) = zip.FindDirectory();
        zip.ReadEntries(start, length, count, budget);
        zip.CheckOverlaps(start);
        return zip;
    }

    /// <summary>Where an entry's bytes start in the zip file.</summary>
    public long DataStart(ZipEntry entry)
    {
        Span<byte> local = stackalloc byte[LocalLength];
        _file.Read(entry.HeaderStart, local);
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != LocalSignature)
            throw Damaged($"the part '{MessageText.Short(entry.Name)}' does not start where the directory says");
        var start = entry.HeaderStart + LocalLength + BinaryPrimitives.ReadUInt16LittleEndian(local[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        if (start > _file.Length - entry.StoredLength)
            throw Damaged($"the part '{MessageText.Short(entry.Name)}' reaches beyond the end");
        return start;
    }

    private (long Start, long Length, long Count) FindDirectory()
    {
        var tail = new byte[(int)Math.Min(_file.Length, EndLength + MostComment)];
        _file.Read(_file.Length - tail.Length, tail);
        for (var at = tail.Length - EndLength; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) != EndSignature
                || at + EndLength + BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) != tail.Length)
                continue;
            long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
            long length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
            long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end[4..]) is not (0 or 0xFFFF0000 or 0xFFFFFFFF))
                throw Damaged("it is one part of a zip file in several parts");
            var endStart = _file.Length - tail.Length + at;
            if (count == 0xFFFF || length == 0xFFFFFFFF || start == 0xFFFFFFFF)
                (start, length, count) = FindDirectory64(endStart) ?? (start, length, count);
            if (start < 0 || length < 0 || count < 0 || start > endStart - length || length / EntryLength < count)
                throw Damaged("its directory lies outside the file");
            return (start, length, count);
        }
        throw new CheckpointException(_file.Path, "the file starts like a zip file but has no directory at its end; it was cut short, so copy or download it again.");
    }

    private (long Start, long Length, long Count)? FindDirectory64(long endStart)
    {
        Span<byte> locator = stackalloc byte[20];
        if (endStart < locator.Length)
            return null;
        _file.Read(endStart - locator.Length, locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Locator64Signature)
            return null;
        var at = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        Span<byte> end = stackalloc byte[56];
        if (at < 0 || at > endStart - locator.Length - end.Length)
            throw Damaged("its ZIP64 directory lies outside the file");
        _file.Read(at, end);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end) != End64Signature)
            throw Damaged("its ZIP64 directory is not where it should be");
        return (BinaryPrimitives.ReadInt64LittleEndian(end[48..]), BinaryPrimitives.ReadInt64LittleEndian(end[40..]), BinaryPrimitives.ReadInt64LittleEndian(end[32..]));
    }

    private void ReadEntries(long start, long length, long count, AllocationBudget budget)
    {
        // The directory is read entry by entry, so that a huge one is refused by the budget before it is in memory.
        var fixedPart = new byte[EntryLength];
        var rest = new byte[3 * 65536];
        var end = start + length;
        for (var i = 0L; i < count; i++)
        {
            if (start > end - EntryLength)
                throw Damaged("its directory ends too early");
            _file.Read(start, fixedPart);
            var entry = fixedPart.AsSpan();
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != EntrySignature)
                throw Damaged("its directory holds something that is not an entry");
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[28..]);
            int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[30..]);
            int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[32..]);
            if (start + EntryLength > end - nameLength - extraLength - commentLength)
                throw Damaged("its directory ends too early");
            budget.Charge(EntryCost + (4L * nameLength));
            var tail = rest.AsSpan(0, nameLength + extraLength);
            _file.Read(start + EntryLength, tail);
            Add(entry, tail[..nameLength], tail[nameLength..]);
            start += EntryLength + nameLength + extraLength + commentLength;
        }
    }

    private void Add(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> nameBytes, ReadOnlySpan<byte> extra)
    {
        var name = Encoding.UTF8.GetString(nameBytes);
        RefusePathTricks(name);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]);
        var method = BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]);
        if ((flags & 0x2041) != 0)
            throw new CheckpointException(_file.Path, $"the part '{MessageText.Short(name)}' is encrypted, which weight files are not.");
        if (method is not (0 or 8))
            throw new CheckpointException(_file.Path, $"the part '{MessageText.Short(name)}' is compressed by method {method}, and only stored and deflated parts can be read.");

        long stored = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]);
        long header = BinaryPrimitives.ReadUInt32LittleEndian(entry[42..]);
        ReadExtra64(extra, ref length, ref stored, ref header);
        if (stored < 0 || length < 0 || header < 0 || header > _file.Length - LocalLength || stored > _file.Length - header - LocalLength)
            throw Damaged($"the part '{MessageText.Short(name)}' reaches beyond the end");
        if (method == 0 && stored != length)
            throw Damaged($"the part '{MessageText.Short(name)}' has two different lengths");
        if (!Entries.TryAdd(name, new ZipEntry(name, method == 8, stored, length, header)))
            throw Damaged($"it holds the part '{MessageText.Short(name)}' twice");
    }

    // ZIP64 sizes stand in a field of their own, only for those that are all ones in the plain entry, and in this order.
    private static void ReadExtra64(ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long header)
    {
        while (extra.Length >= 4)
        {
            var kind = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            var size = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]), extra.Length - 4);
            var field = extra.Slice(4, size);
            if (kind == 1)
            {
                Take(ref field, ref length);
                Take(ref field, ref stored);
                Take(ref field, ref header);
                return;
            }
            extra = extra[(4 + size)..];
        }

        static void Take(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value != 0xFFFFFFFF || field.Length < 8)
                return;
            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
        }
    }

    // Nothing is unpacked, so such names can do no harm here; but torch never writes one, and the file is not what it says.
    private void RefusePathTricks(string name)
    {
        var tricky = name.Length == 0 || name[0] == '/' || name.Contains('\\') || name.Contains('\0') || name.Contains(':')
            || name.Split('/').Any(part => part is "..");
        if (tricky)
            throw new CheckpointException(_file.Path, $"the zip file holds a part named '{MessageText.Short(name)}', which leads outside of it and which torch.save never writes.");
    }

    // Parts that share bytes are how a small zip file unpacks to a huge one.
    private void CheckOverlaps(long directoryStart)
    {
        var end = 0L;
        foreach (var entry in Entries.Values.OrderBy(e => e.HeaderStart))
        {
            if (entry.HeaderStart < end || entry.HeaderStart + LocalLength + entry.StoredLength > directoryStart)
                throw Damaged($"the part '{MessageText.Short(entry.Name)}' overlaps another");
            end = entry.HeaderStart + LocalLength + entry.StoredLength;
        }
    }

    private CheckpointException Damaged(string how) => new(_file.Path, $"the zip file is damaged: {how}.");
}
