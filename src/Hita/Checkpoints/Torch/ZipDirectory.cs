using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>
/// The directory of a zip file, with ZIP64. Only places and sizes are taken from it: stored parts are read where they lie, and
/// nothing is ever unpacked to disk.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const int EntryLength = 46;
    private const int LocalLength = 30;
    private const int EntryCost = 200;
    private const int EncryptedFlags = 0x2041;
    private const int DeflateMethod = 8;

    private readonly CheckpointBytes _file;
    private readonly AllocationBudget _budget;

    private ZipDirectory(CheckpointBytes file, AllocationBudget budget)
    {
        _file = file;
        _budget = budget;
    }

    /// <summary>All parts by name.</summary>
    public Dictionary<string, ZipEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads and checks the directory.</summary>
    /// <exception cref="CheckpointException">It is damaged, or uses what no weight file does.</exception>
    public static ZipDirectory Read(CheckpointBytes file, AllocationBudget budget)
    {
        var zip = new ZipDirectory(file, budget);
        var place = ZipEndOfDirectory.Find(file);
        zip.ReadEntries(place);
        zip.RefuseOverlaps(place.Start);
        return zip;
    }

    /// <summary>Where a part's bytes start in the zip file.</summary>
    /// <exception cref="CheckpointException">The part is not where the directory says.</exception>
    public long DataStart(ZipEntry entry)
    {
        Span<byte> local = stackalloc byte[LocalLength];
        _file.Read(entry.HeaderStart, local);
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != LocalSignature)
            throw Damaged($"the part '{MessageText.Short(entry.Name)}' does not start where the directory says");
        var start = entry.HeaderStart + LocalLength
            + BinaryPrimitives.ReadUInt16LittleEndian(local[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        if (start > entry.Limit - entry.StoredLength)
            throw Damaged($"the part '{MessageText.Short(entry.Name)}' overlaps what follows it");
        return start;
    }

    /// <summary>Reads a small part, unpacking it where it is compressed.</summary>
    /// <param name="entry">The part.</param>
    /// <param name="max">The most bytes it may have once unpacked.</param>
    /// <exception cref="CheckpointException">It is larger, damaged, or unpacks to something else than it claims.</exception>
    public byte[] ReadWhole(ZipEntry entry, int max)
    {
        if (entry.Length > max || entry.StoredLength > max)
            throw Refused(entry, $"claims {Math.Max(entry.Length, entry.StoredLength)} bytes where at most {max} can be honest");
        // A thousandfold is more than this compression can do, so the claim is a lie or the part a bomb.
        _budget.Charge(entry.Deflated ? entry.Length + entry.StoredLength : entry.Length);
        var stored = new byte[entry.StoredLength];
        _file.Read(DataStart(entry), stored);
        return entry.Deflated ? Inflate(entry, stored) : stored;
    }

    private byte[] Inflate(ZipEntry entry, byte[] stored)
    {
        var whole = new byte[entry.Length];
        try
        {
            using var stream = new DeflateStream(new MemoryStream(stored), CompressionMode.Decompress);
            if (stream.ReadAtLeast(whole, whole.Length, throwOnEndOfStream: false) != whole.Length)
                throw Refused(entry, "unpacks to less than it claims");
            if (stream.ReadByte() >= 0)
                throw Refused(entry, "unpacks to more than it claims");
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(_file.Path, $"the zip file is damaged: the part '{MessageText.Short(entry.Name)}' cannot be unpacked.", e);
        }
        return whole;
    }

    private void ReadEntries(ZipEndOfDirectory place)
    {
        _budget.Charge(place.Length);
        var directory = new byte[place.Length];
        _file.Read(place.Start, directory);
        var rest = directory.AsSpan();
        for (var i = 0L; i < place.Count; i++)
        {
            if (rest.Length < EntryLength)
                throw Damaged("its directory ends too early");
            if (BinaryPrimitives.ReadUInt32LittleEndian(rest) != EntrySignature)
                throw Damaged("its directory holds something that is not an entry");
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
            int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]);
            var length = EntryLength + nameLength + extraLength + BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
            if (rest.Length < length)
                throw Damaged("its directory ends too early");
            _budget.Charge(EntryCost + (2L * nameLength));
            Add(rest, rest.Slice(EntryLength, nameLength), rest.Slice(EntryLength + nameLength, extraLength));
            rest = rest[length..];
        }
    }

    private void Add(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> nameBytes, ReadOnlySpan<byte> extra)
    {
        var name = Encoding.UTF8.GetString(nameBytes);
        RefusePathTricks(name);
        if ((BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]) & EncryptedFlags) != 0)
            throw new CheckpointException(_file.Path, $"the part '{MessageText.Short(name)}' of the zip file is encrypted, which weight files never are.");
        var method = BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]);
        if (method is not (0 or DeflateMethod))
            throw new CheckpointException(_file.Path, $"the part '{MessageText.Short(name)}' of the zip file is compressed by method {method}, and torch.save stores its parts as they are.");

        long stored = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]);
        long header = BinaryPrimitives.ReadUInt32LittleEndian(entry[42..]);
        ReadExtra64(extra, ref length, ref stored, ref header);
        if (stored < 0 || length < 0 || header < 0 || header > _file.Length - LocalLength || stored > _file.Length - header - LocalLength)
            throw Damaged($"the part '{MessageText.Short(name)}' reaches beyond the file's end");
        if (method == 0 && stored != length)
            throw Damaged($"the part '{MessageText.Short(name)}' has two different lengths");
        if (!Entries.TryAdd(name, new ZipEntry(name, method == DeflateMethod, stored, length, header)))
            throw Damaged($"it holds the part '{MessageText.Short(name)}' twice");
    }

    // ZIP64 numbers stand in a field of their own, only for those that are all ones in the plain entry, and in this order.
    private static void ReadExtra64(ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long header)
    {
        while (extra.Length >= 4)
        {
            var kind = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            var field = extra.Slice(4, Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]), extra.Length - 4));
            extra = extra[(4 + field.Length)..];
            if (kind != 1)
                continue;
            Take(ref field, ref length);
            Take(ref field, ref stored);
            Take(ref field, ref header);
            return;
        }

        static void Take(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value != uint.MaxValue || field.Length < 8)
                return;
            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
        }
    }

    // Nothing is unpacked, so such a name could do no harm here; but the file is not what it claims to be, and others unpack it.
    private void RefusePathTricks(string name)
    {
        var drive = name.Length > 2 && name[1] == ':' && name[2] is '/' or '\\';
        if (name.Length == 0 || name[0] is '/' or '\\' || drive || name.Contains('\0') || ClimbsUp(name))
            throw new CheckpointException(_file.Path, $"the zip file holds a part named '{MessageText.Short(name)}', which leads out of it and which torch.save never writes, so the file is refused.");
    }

    private static bool ClimbsUp(ReadOnlySpan<char> name)
    {
        foreach (var part in name.SplitAny('/', '\\'))
        {
            if (name[part] is "..")
                return true;
        }
        return false;
    }

    // Parts that share bytes are how a small zip file claims to hold a lot.
    private void RefuseOverlaps(long directoryStart)
    {
        var ordered = Entries.Values.ToArray();
        Array.Sort(ordered, static (a, b) => a.HeaderStart.CompareTo(b.HeaderStart));
        for (var i = 0; i < ordered.Length; i++)
        {
            ordered[i].Limit = i + 1 < ordered.Length ? ordered[i + 1].HeaderStart : directoryStart;
            if (ordered[i].HeaderStart + LocalLength + ordered[i].StoredLength > ordered[i].Limit)
                throw Damaged($"the part '{MessageText.Short(ordered[i].Name)}' overlaps what follows it");
        }
    }

    private CheckpointException Damaged(string how) =>
        new(_file.Path, $"the zip file is damaged: {how}; copy or download it again.");

    private CheckpointException Refused(ZipEntry entry, string how) =>
        new(_file.Path, $"the part '{MessageText.Short(entry.Name)}' of the zip file {how}, so the file is refused.");
}
