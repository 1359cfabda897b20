using System.Buffers.Binary;
using Hita.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Hita.Data.Sources;

/// <summary>Where the value of a record lies in an LMDB file.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct LmdbValue(long Offset, long Length);

/// <summary>Reads the records of an LMDB data file, in the order of their keys.</summary>
/// <remarks>
/// The native library maps the file and follows what is written in it: on a file that is cut short or damaged it ends the
/// process. This reader looks only at what a set of images needs (the unnamed database, or one inside it) and checks each number against the
/// file before it is used. It locks nothing, so that a read-only folder will do.
/// </remarks>
internal sealed class LmdbFile : IDisposable
{
    private const int PageHeader = 16;
    private const int NodeHeader = 8;
    private const uint Magic = 0xBEEFC0DE;
    private const int MaxDepth = 32;
    private const int BranchPage = 1;
    private const int LeafPage = 2;
    private const int BigValue = 1;
    private const int Database = 2;
    private const int DatabaseBytes = 48;
    private const int SeveralValues = 4;

    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly long _length;
    private readonly int _pageSize;
    private readonly long _root;
    private readonly List<(string Name, long Root, int Flags)> _databases = [];
    private long _pagesLeft;

    /// <summary>Opens a data file (<c>data.mdb</c>).</summary>
    /// <exception cref="DataException">It cannot be read or is no such file.</exception>
    public LmdbFile(string path)
    {
        _path = path;
        try
        {
            _handle = File.OpenHandle(path);
            _length = RandomAccess.GetLength(_handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"the database cannot be read: {SystemMessage.Of(e)}.", e);
        }
        try
        {
            (_pageSize, _root) = ReadMeta();
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    /// <summary>Calls for every record, in the order of the keys' bytes.</summary>
    /// <param name="record">Gets the key, which is valid during the call, and the place of the value.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">The file is damaged or cut short.</exception>
    public void ForEach(RecordAction record, CancellationToken cancellation)
    {
        if (_root == -1)
            return;
        _pagesLeft = (_length / _pageSize) + 1;
        Walk(_root, 0, record, cancellation);
    }

    /// <summary>The names of the databases inside this one, as far as <see cref="ForEach"/> has met them.</summary>
    public IReadOnlyList<string> Databases => [.. _databases.Select(static d => d.Name)];

    /// <summary>Calls for every record of a database inside this one.</summary>
    /// <param name="number">Its place in <see cref="Databases"/>.</param>
    /// <param name="record">As for <see cref="ForEach"/>.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">The file is damaged or cut short, or the database holds several values for a key.</exception>
    public void ForEachIn(int number, RecordAction record, CancellationToken cancellation)
    {
        var (name, root, flags) = _databases[number];
        if ((flags & SeveralValues) != 0)
            throw new DataException(_path, $"its database '{MessageText.Short(name)}' holds several values for a key, and not a record for each image.");
        if (root == -1)
            return;
        _pagesLeft = (_length / _pageSize) + 1;
        Walk(root, 0, record, cancellation);
    }

    /// <summary>Fills the room from a place in the file.</summary>
    /// <exception cref="EndOfStreamException">The file has become shorter since it was opened.</exception>
    public void Read(long offset, Span<byte> room) => StoredBytes.ReadExactly(_handle, room, offset);

    public void Dispose() => _handle.Dispose();

    private (int PageSize, long Root) ReadMeta()
    {
        // Two pages in turn describe the state; the one with the higher number is the newest.
        Span<byte> meta = stackalloc byte[PageHeader + 136];
        (int PageSize, long Root, ulong Number)? newest = null;
        var second = 4096L;
        for (var i = 0; i < 2; i++)
        {
            var offset = i == 0 ? 0 : second;
            if (offset + meta.Length > _length)
                break;
            Read(offset, meta);
            var state = meta[PageHeader..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(state) != Magic)
                continue;
            var version = BinaryPrimitives.ReadUInt32LittleEndian(state[4..]);
            var pageSize = BinaryPrimitives.ReadInt32LittleEndian(state[24..]);
            if (version != 1 || pageSize is < 512 or > 65536 || !int.IsPow2(pageSize))
                throw new DataException(_path, $"this LMDB file is of version {version} with pages of {pageSize} bytes, which is not read; copy it with the tool mdb_copy of a usual LMDB.");
            second = pageSize;
            if ((BinaryPrimitives.ReadUInt16LittleEndian(state[76..]) & SeveralValues) != 0)
                throw new DataException(_path, "this LMDB file holds several values for a key, and not a record for each image.");
            var number = BinaryPrimitives.ReadUInt64LittleEndian(state[128..]);
            if (newest is null || number > newest.Value.Number)
                newest = (pageSize, BinaryPrimitives.ReadInt64LittleEndian(state[112..]), number);
        }
        if (newest is { PageSize: var size } && _length < 2 * size)
            throw CutShort();
        return newest is { } found
            ? (found.PageSize, found.Root)
            : throw new DataException(_path, _length < PageHeader + 136 ? "the database is empty or cut short at its very start." : "this is no LMDB file: its first pages are not those of one.");
    }

    private void Walk(long number, int depth, RecordAction record, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (depth > MaxDepth || _pagesLeft-- <= 0)
            throw Damaged("its pages refer to each other in a circle");
        var page = new byte[_pageSize];
        ReadPage(number, page);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(10));
        var end = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(12));
        if ((flags & (BranchPage | LeafPage)) == 0 || BinaryPrimitives.ReadInt64LittleEndian(page) != number || end < PageHeader || end > _pageSize)
            throw Damaged($"page {number} is not what is referred to");
        for (var at = PageHeader; at + 2 <= end; at += 2)
        {
            var start = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(at));
            if (start + NodeHeader > _pageSize)
                throw Damaged($"an entry of page {number} lies outside of it");
            var node = page.AsSpan(start);
            if ((flags & BranchPage) != 0)
                Walk(Child(node), depth + 1, record, cancellation);
            else
                Report(node, (number * _pageSize) + start, record);
        }
    }

    private static long Child(ReadOnlySpan<byte> node) =>
        BinaryPrimitives.ReadUInt32LittleEndian(node) | ((long)BinaryPrimitives.ReadUInt16LittleEndian(node[4..]) << 32);

    private void Report(ReadOnlySpan<byte> node, long offset, RecordAction record)
    {
        var length = (long)BinaryPrimitives.ReadUInt32LittleEndian(node);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(node[4..]);
        var keyLength = BinaryPrimitives.ReadUInt16LittleEndian(node[6..]);
        if (NodeHeader + keyLength > node.Length || (flags & ~(BigValue | Database)) != 0 || flags == (BigValue | Database))
            throw Damaged("an entry is not a plain record");
        var value = node[(NodeHeader + keyLength)..];
        if (flags == Database)
        {
            if (length != DatabaseBytes || length > value.Length)
                throw Damaged("a database inside it has no description");
            _databases.Add((
                System.Text.Encoding.UTF8.GetString(node.Slice(NodeHeader, keyLength)),
                BinaryPrimitives.ReadInt64LittleEndian(value[40..]),
                BinaryPrimitives.ReadUInt16LittleEndian(value[4..])));
            return;
        }
        var start = offset + NodeHeader + keyLength;
        if ((flags & BigValue) == 0)
        {
            if (length > value.Length)
                throw Damaged("a record is longer than its page");
        }
        else
        {
            // The value has pages of its own, of which the first begins with a header.
            var page = value.Length >= 8 ? BinaryPrimitives.ReadInt64LittleEndian(value) : -1;
            if (page < 0 || page > _length / _pageSize)
                throw CutShort();
            start = (page * _pageSize) + PageHeader;
            if (start + length > _length)
                throw CutShort();
        }
        record(node.Slice(NodeHeader, keyLength), new LmdbValue(start, length));
    }

    private void ReadPage(long number, byte[] page)
    {
        if (number < 2)
            throw Damaged("it refers to a page that holds no records");
        if (number > _length / _pageSize || (number + 1) * _pageSize > _length)
            throw CutShort();
        Read(number * _pageSize, page);
    }

    private DataException CutShort() => new(_path, $"the database is cut short: records lie beyond its {_length} bytes; fetch or copy it again.");

    private DataException Damaged(string how) => new(_path, $"the database is damaged: {how}; fetch or copy it again.");
}

/// <summary>Gets a record's key and the place of its value.</summary>
internal delegate void RecordAction(ReadOnlySpan<byte> key, LmdbValue value);
