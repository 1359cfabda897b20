using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>One part of a zip file as a test wants it, true or not.</summary>
internal sealed record ZipPart(string Name, byte[] Bytes)
{
    public ushort Method { get; init; }

    public ushort Flags { get; init; }

    /// <summary>The length it claims; its own where this is null.</summary>
    public long? ClaimedLength { get; init; }

    /// <summary>The part whose bytes the directory points to instead of its own.</summary>
    public int? SameAs { get; init; }
}

/// <summary>Writes zip files as torch does, and as nobody should.</summary>
internal static class TorchFiles
{
    /// <summary>A checkpoint of one pickle and its storages, which get the keys 0, 1, 2 and so on.</summary>
    public static byte[] Checkpoint(byte[] pickle, params ReadOnlySpan<byte[]> storages) => Checkpoint(pickle, "little", storages);

    public static byte[] Checkpoint(byte[] pickle, string byteOrder, ReadOnlySpan<byte[]> storages)
    {
        var parts = new List<ZipPart> { new("archive/data.pkl", pickle), new("archive/byteorder", Encoding.UTF8.GetBytes(byteOrder)) };
        for (var i = 0; i < storages.Length; i++)
            parts.Add(new ZipPart($"archive/data/{i}", storages[i]));
        parts.Add(new ZipPart("archive/version", "3\n"u8.ToArray()));
        return Zip(parts);
    }

    /// <summary>A zip file. With <paramref name="zip64"/> all sizes and places stand in the fields for large files.</summary>
    public static byte[] Zip(IReadOnlyList<ZipPart> parts, bool zip64 = false, byte[]? comment = null)
    {
        var file = new MemoryStream();
        var places = new long[parts.Count];
        for (var i = 0; i < parts.Count; i++)
        {
            var name = Encoding.UTF8.GetBytes(parts[i].Name);
            places[i] = file.Length;
            // Torch starts every storage at a multiple of 64, by an extra field of zeros.
            var padding = (int)(64 - ((file.Length + 30 + name.Length + 4) % 64));
            Write(file, 0x04034b50u, (ushort)20, parts[i].Flags, parts[i].Method, 0u, Crc32.HashToUInt32(parts[i].Bytes));
            Write(file, (uint)parts[i].Bytes.Length, (uint)(parts[i].ClaimedLength ?? parts[i].Bytes.Length), (ushort)name.Length, (ushort)(4 + padding));
            file.Write(name);
            Write(file, (ushort)0x4246, (ushort)padding);
            file.Write(new byte[padding]);
            file.Write(parts[i].Bytes);
        }
        var start = file.Length;
        for (var i = 0; i < parts.Count; i++)
        {
            var name = Encoding.UTF8.GetBytes(parts[i].Name);
            var (stored, length) = (parts[i].Bytes.Length, parts[i].ClaimedLength ?? parts[i].Bytes.Length);
            var place = places[parts[i].SameAs ?? i];
            var large = zip64 || length > uint.MaxValue;
            Write(file, 0x02014b50u, (ushort)20, (ushort)20, parts[i].Flags, parts[i].Method, 0u, Crc32.HashToUInt32(parts[i].Bytes));
            Write(file, large ? uint.MaxValue : (uint)stored, large ? uint.MaxValue : (uint)length, (ushort)name.Length, (ushort)(large ? 28 : 0));
            Write(file, (ushort)0, (ushort)0, (ushort)0, 0u, large ? uint.MaxValue : (uint)place);
            file.Write(name);
            if (large)
                Write(file, (ushort)1, (ushort)24, length, (long)stored, place);
        }
        var size = file.Length - start;
        if (zip64)
        {
            var end = file.Length;
            Write(file, 0x06064b50u, 44L, (ushort)45, (ushort)45, 0u, 0u, (long)parts.Count, (long)parts.Count, size, start);
            Write(file, 0x07064b50u, 0u, end, 1u);
        }
        var count = zip64 ? ushort.MaxValue : (ushort)parts.Count;
        Write(file, 0x06054b50u, (ushort)0, (ushort)0, count, count, zip64 ? uint.MaxValue : (uint)size, zip64 ? uint.MaxValue : (uint)start);
        Write(file, (ushort)(comment?.Length ?? 0));
        file.Write(comment ?? []);
        return file.ToArray();
    }

    private static void Write(MemoryStream file, params ReadOnlySpan<object> numbers)
    {
        Span<byte> eight = stackalloc byte[8];
        foreach (var number in numbers)
        {
            var size = number is ushort ? 2 : number is uint ? 4 : 8;
            BinaryPrimitives.WriteUInt64LittleEndian(eight, number is long signed ? (ulong)signed : Convert.ToUInt64(number, null));
            file.Write(eight[..size]);
        }
    }
}
