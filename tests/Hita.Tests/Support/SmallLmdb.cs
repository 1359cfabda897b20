using System.Buffers.Binary;
using System.Text;

namespace Hita.Tests.Support;

/// <summary>Makes LMDB files of a few small records: a page for each database, of which some may have names.</summary>
internal static class SmallLmdb
{
    private const int Page = 4096;

    /// <summary>Writes a file.</summary>
    /// <param name="path">The data file.</param>
    /// <param name="records">The records of the unnamed database, which must fit into a page.</param>
    /// <param name="databases">Databases with names and their records.</param>
    public static void Write(string path, (string Key, byte[] Value)[] records, params (string Name, (string Key, byte[] Value)[] Records)[] databases)
    {
        var pages = new List<byte[]>();
        var main = records.Select(static r => (r.Key, r.Value, Flags: 0)).ToList();
        foreach (var (name, inner) in databases)
        {
            pages.Add(Leaf(3 + pages.Count, [.. inner.Select(static r => (r.Key, r.Value, 0))]));
            main.Add((name, Description(inner.Length, 2 + pages.Count), 2));
        }
        pages.Insert(0, Leaf(2, main));
        using var stream = File.Create(path);
        stream.Write(Meta(0, main.Count, pages.Count));
        stream.Write(Meta(1, main.Count, pages.Count));
        foreach (var page in pages)
            stream.Write(page);
    }

    private static byte[] Leaf(int number, List<(string Key, byte[] Value, int Flags)> records)
    {
        var page = new byte[Page];
        BinaryPrimitives.WriteInt64LittleEndian(page, number);
        page[10] = 2;
        var upper = Page;
        var at = 16;
        foreach (var (key, value, flags) in records.OrderBy(static r => r.Key, StringComparer.Ordinal))
        {
            upper -= (8 + key.Length + value.Length + 1) / 2 * 2;
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(at), (ushort)upper);
            at += 2;
            BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(upper), value.Length);
            page[upper + 4] = (byte)flags;
            page[upper + 6] = (byte)key.Length;
            Encoding.ASCII.GetBytes(key).CopyTo(page, upper + 8);
            value.CopyTo(page, upper + 8 + key.Length);
        }
        if (upper < at)
            throw new ArgumentException("The records do not fit into a page.", nameof(records));
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(12), (ushort)at);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(14), (ushort)upper);
        return page;
    }

    private static byte[] Description(int entries, long root, uint pad = 0)
    {
        var description = new byte[48];
        BinaryPrimitives.WriteUInt32LittleEndian(description, pad);
        BinaryPrimitives.WriteUInt16LittleEndian(description.AsSpan(6), 1);
        BinaryPrimitives.WriteInt64LittleEndian(description.AsSpan(16), 1);
        BinaryPrimitives.WriteInt64LittleEndian(description.AsSpan(32), entries);
        BinaryPrimitives.WriteInt64LittleEndian(description.AsSpan(40), root);
        return description;
    }

    private static byte[] Meta(int number, int entries, int pages)
    {
        var page = new byte[Page];
        page[0] = (byte)number;
        page[10] = 8;
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(16), 0xBEEFC0DE);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(20), 1);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(32), 1 << 20);
        Description(0, -1, Page).CopyTo(page, 40);
        Description(entries, 2).CopyTo(page, 88);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(136), 1 + pages);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(144), number);
        return page;
    }
}
