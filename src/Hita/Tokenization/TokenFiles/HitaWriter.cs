using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Hita.Runtime;

namespace Hita.Tokenization.TokenFiles;

/// <summary>Writes <c>.hita</c> files, image by image.</summary>
internal static class HitaWriter
{
    /// <summary>Writes the file; it appears under its name complete, or not at all.</summary>
    /// <exception cref="CheckpointException">The file cannot be written, or would be larger than can be read.</exception>
    public static void Write(TokenSet set, string path)
    {
        var bits = PackedCodes.BitsFor(set.CodebookSize);
        var total = HitaFormat.HeaderBytes + HitaFormat.ChecksumBytes + set.Images.Sum(image => ImageBytes(image, bits));
        if (total > HitaFormat.MaxBytes)
            throw new CheckpointException(path, $"the file would have {total} bytes and token files may have {HitaFormat.MaxBytes}; split the images over several.");

        AtomicFile.Write(path, stream =>
        {
            var checksum = new Crc32();
            var header = Header(set, bits);
            checksum.Append(header);
            stream.Write(header);
            foreach (var image in set.Images)
            {
                var bytes = Image(image, bits);
                checksum.Append(bytes);
                stream.Write(bytes);
            }
            Span<byte> end = stackalloc byte[HitaFormat.ChecksumBytes];
            BinaryPrimitives.WriteUInt32LittleEndian(end, checksum.GetCurrentHashAsUInt32());
            stream.Write(end);
        });
    }

    private static byte[] Header(TokenSet set, int bits)
    {
        var header = new byte[HitaFormat.HeaderBytes];
        HitaFormat.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(HitaFormat.VersionAt), HitaFormat.Version);
        header[HitaFormat.BitsAt] = (byte)bits;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(HitaFormat.CodebookAt), set.CodebookSize);
        Convert.FromHexString(set.ModelHash).CopyTo(header, HitaFormat.HashAt);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(HitaFormat.CountAt), set.Images.Count);
        return header;
    }

    private static byte[] Image(TokenImage image, int bits)
    {
        var codes = image.Codes;
        var bytes = new byte[ImageBytes(image, bits)];
        var nameBytes = Encoding.UTF8.GetBytes(image.Name ?? "", bytes.AsSpan(HitaFormat.ImageHeaderBytes));
        new HitaImageHeader((ushort)codes.GridHeight, (ushort)codes.GridWidth, (uint)codes.Holistic.Count, (ushort)nameBytes).Write(bytes);
        var packed = bytes.AsSpan(HitaFormat.ImageHeaderBytes + nameBytes);
        var bit = PackedCodes.Pack(codes.Holistic, bits, packed, 0);
        PackedCodes.Pack(codes.Patches, bits, packed, bit);
        return bytes;
    }

    private static long ImageBytes(TokenImage image, int bits) =>
        HitaFormat.ImageHeaderBytes + Encoding.UTF8.GetByteCount(image.Name ?? "")
        + PackedCodes.ByteCount((long)image.Codes.Holistic.Count + image.Codes.Patches.Count, bits);
}
