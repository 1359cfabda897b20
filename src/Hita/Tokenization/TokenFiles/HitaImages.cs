using System.Buffers.Binary;
using System.Collections;
using System.Text;

namespace Hita.Tokenization.TokenFiles;

/// <summary>The images of a checked <c>.hita</c> file: a place each in the file's own bytes.</summary>
internal sealed class HitaImages(byte[] file, int[] starts, int bits) : IReadOnlyList<TokenImage>
{
    public int Count => starts.Length;

    public TokenImage this[int index]
    {
        get
        {
            var start = starts[index];
            var head = HitaImageHeader.Read(file.AsSpan(start));
            var codesStart = start + HitaFormat.ImageHeaderBytes + head.NameBytes;
            var firstBit = 8L * codesStart;
            var holistic = new PackedCodes(file, firstBit, bits, (int)head.Holistic);
            var patches = new PackedCodes(file, firstBit + (head.Holistic * bits), bits, head.GridHeight * head.GridWidth);
            var name = Encoding.UTF8.GetString(file, codesStart - head.NameBytes, head.NameBytes);
            return new TokenImage(new ImageCodes(holistic, patches, head.GridHeight, head.GridWidth), name);
        }
    }

    public IEnumerator<TokenImage> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>What stands before the name and the codes of an image.</summary>
/// <param name="GridHeight">Rows of the patch grid.</param>
/// <param name="GridWidth">Columns of the patch grid.</param>
/// <param name="Holistic">Number of holistic codes.</param>
/// <param name="NameBytes">Length of the name in UTF-8.</param>
internal readonly record struct HitaImageHeader(ushort GridHeight, ushort GridWidth, uint Holistic, ushort NameBytes)
{
    public long CodeCount => Holistic + ((long)GridHeight * GridWidth);

    public static HitaImageHeader Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, GridHeight);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], GridWidth);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Holistic);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], NameBytes);
    }
}
