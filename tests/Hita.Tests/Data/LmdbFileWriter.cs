using System.Buffers.Binary;

namespace Hita.Tests.Data;

/// <summary>
/// Writes an LMDB data file of the version that all usual programs read, in one go: first the values, each on pages of its own,
/// then the tree of keys.
/// </summary>
/// <remarks>The native library is not needed for this, and its newest version writes a format that others cannot read yet.</remarks>
internal sealed class LmdbFileWriter : IDisposable
{
    private const int PageSize = 4096;
    private const int PageHeader = 16;
    private const int NodeHeader = 8;
    private const ushort BranchPage = 1;
    private const ushort LeafPage = 2;
    private const ushort OverflowPage = 4;
    private const ushort MetaPage = 8;
    private const ushort BigValue = 1;
    private const long None = -1;

    private readonly FileStream _stream;
    private readonly List<(byte[] Key, long Page, int Length)> _records = [];
    private long _nextPage = 2;
    private long _valuePages;

    public LmdbFileWriter(string path)
    {
        _stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        _stream.Write(new byte[2 * PageSize]);
    }

    /// <summary>Adds a record. Keys may come in any order, each once, of 1 to 511 bytes.</summary>
    public void Add(byte[] key, ReadOnlySpan<byte> value)
    {
        var pages = (PageHeader + value.Length + PageSize - 1) / PageSize;
        var head = new byte[PageHeader];
        WriteHeader(head, _nextPage, OverflowPage);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), pages);
        _stream.Write(head);
        _stream.Write(value);
        _stream.Write(new byte[(pages * PageSize) - PageHeader - value.Length]);
        _records.Add((key, _nextPage, value.Length));
        _nextPage += pages;
        _valuePages += pages;
    }

    /// <summary>Writes the tree and the description at the file's start.</summary>
    public void Complete()
    {
        _records.Sort(static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        var level = WritePages(LeafPage, _records.Select(static r => (r.Key, Node(r.Key, (uint)r.Length, BigValue, r.Page))));
        long leaves = level.Count, branches = 0;
        var depth = 1;
        for (; level.Count > 1; depth++)
        {
            level = WritePages(BranchPage, level.Select(static (child, _) => (child.Key, Node(child.Key, (uint)child.Page, (ushort)(child.Page >> 32), None))));
            branches += level.Count;
        }
        var root = level.Count == 0 ? None : level[0].Page;
        WriteMeta(0, new byte[48], None, 1);
        WriteMeta(1, Description(level.Count == 0 ? 0 : depth, branches, leaves), root, _nextPage - 1);
        _stream.Flush(flushToDisk: true);
    }

    public void Dispose() => _stream.Dispose();

    // A node begins with its length or child, its flags and the length of its key; a value elsewhere is given by its page.
    private static byte[] Node(byte[] key, uint low, ushort flags, long page)
    {
        var node = new byte[(NodeHeader + key.Length + (page == None ? 0 : 8) + 1) & ~1];
        BinaryPrimitives.WriteUInt32LittleEndian(node, low);
        BinaryPrimitives.WriteUInt16LittleEndian(node.AsSpan(4), flags);
        BinaryPrimitives.WriteUInt16LittleEndian(node.AsSpan(6), (ushort)key.Length);
        key.CopyTo(node, NodeHeader);
        if (page != None)
            BinaryPrimitives.WriteInt64LittleEndian(node.AsSpan(NodeHeader + key.Length), page);
        return node;
    }

    private List<(byte[] Key, long Page)> WritePages(ushort kind, IEnumerable<(byte[] Key, byte[] Node)> nodes)
    {
        var pages = Fill(nodes);
        // A branch with a single child is not allowed.
        if (kind == BranchPage && pages is [.., var before, { Count: 1 } last])
        {
            last.Insert(0, before[^1]);
            before.RemoveAt(before.Count - 1);
        }
        var written = new List<(byte[], long)>();
        foreach (var page in pages)
        {
            WritePage(kind, page);
            written.Add((page[0].Key, _nextPage++));
        }
        return written;
    }

    private static List<List<(byte[] Key, byte[] Node)>> Fill(IEnumerable<(byte[] Key, byte[] Node)> nodes)
    {
        var pages = new List<List<(byte[] Key, byte[] Node)>>();
        var room = 0;
        foreach (var (key, node) in nodes)
        {
            if (node.Length + 2 > room)
            {
                pages.Add([]);
                room = PageSize - PageHeader;
            }
            pages[^1].Add((key, node));
            room -= node.Length + 2;
        }
        return pages;
    }

    private void WritePage(ushort kind, List<(byte[] Key, byte[] Node)> nodes)
    {
        var page = new byte[PageSize];
        var (lower, upper) = (PageHeader, PageSize);
        foreach (var (place, (_, full)) in nodes.Index())
        {
            // The first key of a branch page is never compared and left out.
            var node = place == 0 && kind == BranchPage ? Node([], BinaryPrimitives.ReadUInt32LittleEndian(full), BinaryPrimitives.ReadUInt16LittleEndian(full.AsSpan(4)), None) : full;
            upper -= node.Length;
            node.CopyTo(page, upper);
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(lower), (ushort)upper);
            lower += 2;
        }
        WriteHeader(page, _nextPage, kind);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(12), (ushort)lower);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(14), (ushort)upper);
        _stream.Write(page);
    }

    private static void WriteHeader(Span<byte> page, long number, ushort kind)
    {
        BinaryPrimitives.WriteInt64LittleEndian(page, number);
        BinaryPrimitives.WriteUInt16LittleEndian(page[10..], kind);
    }

    private byte[] Description(int depth, long branches, long leaves)
    {
        var database = new byte[48];
        BinaryPrimitives.WriteUInt16LittleEndian(database.AsSpan(6), (ushort)depth);
        BinaryPrimitives.WriteInt64LittleEndian(database.AsSpan(8), branches);
        BinaryPrimitives.WriteInt64LittleEndian(database.AsSpan(16), leaves);
        BinaryPrimitives.WriteInt64LittleEndian(database.AsSpan(24), _valuePages);
        BinaryPrimitives.WriteInt64LittleEndian(database.AsSpan(32), _records.Count);
        return database;
    }

    // The pages 0 and 1 describe the states after an even and an odd number of changes: none, and all of this.
    private void WriteMeta(int number, byte[] database, long root, long lastPage)
    {
        var page = new byte[PageSize];
        WriteHeader(page, number, MetaPage);
        var meta = page.AsSpan(PageHeader);
        BinaryPrimitives.WriteUInt32LittleEndian(meta, 0xBEEFC0DE);
        BinaryPrimitives.WriteUInt32LittleEndian(meta[4..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(meta[16..], Math.Max(_nextPage * PageSize, 1 << 20));
        BinaryPrimitives.WriteInt32LittleEndian(meta[24..], PageSize);
        BinaryPrimitives.WriteUInt16LittleEndian(meta[28..], 8); // the list of free pages has whole numbers as keys
        BinaryPrimitives.WriteInt64LittleEndian(meta[64..], None);
        database.CopyTo(meta[72..]);
        BinaryPrimitives.WriteInt64LittleEndian(meta[112..], root);
        BinaryPrimitives.WriteInt64LittleEndian(meta[120..], lastPage);
        BinaryPrimitives.WriteInt64LittleEndian(meta[128..], number);
        _stream.Position = (long)number * PageSize;
        _stream.Write(page);
    }
}
