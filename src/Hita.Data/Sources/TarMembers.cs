using System.Buffers.Binary;
using System.Formats.Tar;
using System.Text;

namespace Hita.Data.Sources;

/// <summary>What a member of a tar archive is.</summary>
internal enum TarMemberKind
{
    File,
    Folder,
    HardLink,
    SymbolicLink,

    /// <summary>A file stored without its empty stretches, so that its bytes are not all there.</summary>
    Sparse,
}

/// <summary>A member of a tar archive.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its path as written.</param>
/// <param name="Link">Where a link leads; empty for others.</param>
/// <param name="Offset">The first byte of a file.</param>
/// <param name="Length">A file's bytes.</param>
internal readonly record struct TarMember(TarMemberKind Kind, string Name, string Link, long Offset, long Length);

/// <summary>Goes through a tar archive from header to header, beyond its end mark into archives that were put behind it.</summary>
/// <param name="stream">The archive, which can seek.</param>
internal sealed class TarMembers(FileStream stream)
{
    private const int Block = 512;
    private const int MaxNameBytes = 1 << 16;
    private const int MaxHeaders = 16;
    private const byte Sparse = (byte)'S';

    /// <summary>Archives that lie one behind the other.</summary>
    public int Parts { get; private set; } = 1;

    /// <summary>Whether the last of them has an end mark.</summary>
    public bool HasEnd { get; private set; }

    /// <summary>Bytes behind the end that are no archive.</summary>
    public long StrangeBytes { get; private set; }

    /// <summary>The members, in order. Folders and links of other kinds than the usual ones, such as devices, are passed over.</summary>
    public IEnumerable<TarMember> Read()
    {
        var next = 0L;
        while (true)
        {
            stream.Position = next;
            using var reader = new TarReader(stream, leaveOpen: true);
            TarMember? sparse = null;
            while ((sparse = SparseAt(ref next)) is null && reader.GetNextEntry() is { } entry)
            {
                next = entry.DataOffset + RoundUp(entry.Length);
                if (Member(entry) is { } member)
                    yield return member;
            }
            if (sparse is { } found)
                yield return found;
            else if (!FindNextPart(ref next))
                yield break;
        }
    }

    private static long RoundUp(long length) => (length + Block - 1) / Block * Block;

    private static TarMember? Member(TarEntry entry)
    {
        TarMemberKind? kind = entry.EntryType switch
        {
            TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => TarMemberKind.File,
            TarEntryType.Directory => TarMemberKind.Folder,
            TarEntryType.HardLink => TarMemberKind.HardLink,
            TarEntryType.SymbolicLink => TarMemberKind.SymbolicLink,
            _ => null,
        };
        return kind is { } known ? new(known, entry.Name, entry.LinkName, entry.DataOffset, entry.Length) : null;
    }

    // The library takes the old form of sparse files, with headers behind the header, for something broken, one of the newer forms
    // as well, and the others for plain files.
    private TarMember? SparseAt(ref long next)
    {
        string? longName = null;
        var isSparse = false;
        var at = next;
        for (var i = 0; i < MaxHeaders && HeaderAt(at) is { } header; i++)
        {
            var (type, size) = (header[156], Size(header));
            var data = at + Block;
            if (type is (byte)'L' or (byte)'x' && size is > 0 and <= MaxNameBytes && data + size <= stream.Length)
            {
                var bytes = Bytes(data, (int)size);
                isSparse |= type == 'x' && bytes.AsSpan().IndexOf("GNU.sparse."u8) >= 0;
                longName = (type == 'L' ? Text(bytes) : Record(bytes, "GNU.sparse.name="u8) ?? Record(bytes, "path="u8)) ?? longName;
            }
            if (type is (byte)'L' or (byte)'K' or (byte)'x' or (byte)'g')
            {
                at = data + RoundUp(size);
                continue;
            }
            if (type != Sparse && !isSparse)
                return null;
            for (var more = type == Sparse && header[482] != 0; more; data += Block)
                more = BlockAt(data) is { } extension && extension[504] != 0;
            next = data + RoundUp(size);
            return new(TarMemberKind.Sparse, longName ?? Text(header.AsSpan(0, 100)), "", 0, 0);
        }
        return null;
    }

    private static string? Record(ReadOnlySpan<byte> records, ReadOnlySpan<byte> key)
    {
        var at = records.IndexOf(key);
        if (at < 0)
            return null;
        var value = records[(at + key.Length)..];
        var end = value.IndexOf((byte)'\n');
        return Text(end < 0 ? value : value[..end]);
    }

    private bool FindNextPart(ref long next)
    {
        for (var at = next; ; at += Block)
        {
            if (BlockAt(at) is { } block && !block.AsSpan().ContainsAnyExcept((byte)0))
                continue;
            HasEnd = at > next;
            if (at >= stream.Length)
                return false;
            if (HeaderAt(at) is null)
            {
                StrangeBytes = stream.Length - at;
                return false;
            }
            Parts++;
            next = at;
            return true;
        }
    }

    private byte[]? BlockAt(long offset) => offset >= 0 && offset + Block <= stream.Length ? Bytes(offset, Block) : null;

    /// <summary>The block at a place, if it is a header: its sum is right.</summary>
    private byte[]? HeaderAt(long offset)
    {
        if (BlockAt(offset) is not { } block)
            return null;
        var sum = 8 * ' ';
        for (var i = 0; i < Block; i++)
            sum += i is >= 148 and < 156 ? 0 : block[i];
        return Octal(block.AsSpan(148, 8)) == sum ? block : null;
    }

    private byte[] Bytes(long offset, int count)
    {
        var bytes = new byte[count];
        StoredBytes.ReadExactly(stream.SafeFileHandle, bytes, offset);
        return bytes;
    }

    private static long Size(byte[] header)
    {
        var field = header.AsSpan(124, 12);
        var size = (field[0] & 0x80) != 0 ? BinaryPrimitives.ReadInt64BigEndian(field[4..]) : Octal(field) ?? 0;
        return size is >= 0 and < 1L << 60 ? size : throw new InvalidDataException("a size is out of range");
    }

    private static long? Octal(ReadOnlySpan<byte> field)
    {
        var number = 0L;
        var digits = 0;
        foreach (var c in field.Trim(" \0"u8))
        {
            if (c is < (byte)'0' or > (byte)'7')
                return null;
            number = (number * 8) + c - '0';
            digits++;
        }
        return digits > 0 ? number : null;
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
