using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Hita.Tests.Support;

/// <summary>Writes zip files part by part as torch.save does, with ZIP64 fields and lies where a test asks for them.</summary>
internal sealed class ZipMaker
{
    private readonly ArrayBufferWriter<byte> _file = new();
    private readonly List<Part> _parts = [];

    /// <summary>Whether all sizes and positions stand in ZIP64 fields.</summary>
    public bool Zip64 { get; init; }

    public ZipMaker Add(string name, byte[] content, bool deflate = false, uint? claimedLength = null, ushort flags = 0)
    {
        var stored = content;
        if (deflate)
        {
            using var packed = new MemoryStream();
            using (var stream = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
                stream.Write(content);
            stored = packed.ToArray();
        }
        var part = new Part(Encoding.UTF8.GetBytes(name), _file.WrittenCount, stored.Length, claimedLength ?? (uint)content.Length, deflate, flags);
        _parts.Add(part);
        var local = new byte[30];
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034b50);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(8), (ushort)(deflate ? 8 : 0));
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(26), (ushort)part.Name.Length);
        // torch pads the extra field until the content starts at a multiple of 64.
        var padding = (int)(64 - ((_file.WrittenCount + 30 + part.Name.Length) % 64));
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(28), (ushort)padding);
        _file.Write(local);
        _file.Write(part.Name);
        _file.Write(new byte[padding]);
        _file.Write(stored);
        return this;
    }

    public byte[] Done()
    {
        var start = _file.WrittenCount;
        foreach (var part in _parts)
            WriteEntry(part);
        var length = _file.WrittenCount - start;
        if (Zip64)
        {
            var at = _file.WrittenCount;
            var end64 = new byte[56];
            BinaryPrimitives.WriteUInt32LittleEndian(end64, 0x06064b50);
            BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(4), 44);
            BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(24), _parts.Count);
            BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(32), _parts.Count);
            BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(40), length);
            BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(48), start);
            _file.Write(end64);
            var locator = new byte[20];
            BinaryPrimitives.WriteUInt32LittleEndian(locator, 0x07064b50);
            BinaryPrimitives.WriteInt64LittleEndian(locator.AsSpan(8), at);
            BinaryPrimitives.WriteInt32LittleEndian(locator.AsSpan(16), 1);
            _file.Write(locator);
        }
        var end = new byte[22];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), Zip64 ? (ushort)0xFFFF : (ushort)_parts.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), Zip64 ? (ushort)0xFFFF : (ushort)_parts.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), Zip64 ? 0xFFFFFFFF : (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), Zip64 ? 0xFFFFFFFF : (uint)start);
        _file.Write(end);
        return _file.WrittenSpan.ToArray();
    }

    private void WriteEntry(Part part)
    {
        var entry = new byte[46];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, 0x02014b50);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(8), part.Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(10), (ushort)(part.Deflated ? 8 : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(20), Zip64 ? 0xFFFFFFFF : (uint)part.Stored);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(24), Zip64 ? 0xFFFFFFFF : (uint)part.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(28), (ushort)part.Name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(30), (ushort)(Zip64 ? 28 : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(42), Zip64 ? 0xFFFFFFFF : (uint)part.Start);
        _file.Write(entry);
        _file.Write(part.Name);
        if (!Zip64)
            return;
        var extra = new byte[28];
        BinaryPrimitives.WriteUInt16LittleEndian(extra, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(2), 24);
        BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(4), part.Length);
        BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(12), part.Stored);
        BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(20), part.Start);
        _file.Write(extra);
    }

    private sealed record Part(byte[] Name, long Start, long Stored, long Length, bool Deflated, ushort Flags);
}
