using System.Buffers.Binary;
using System.Text;

namespace Hita.Runtime;

/// <summary>
/// Marks one symbol version that an ELF library asks for as weak, so that the library loads where the version is absent.
/// </summary>
/// <remarks>
/// The native shim of the tensor library asks libstdc++ for <c>GLIBCXX_3.4.32</c> (GCC 13) on behalf of a symbol that no
/// relocation uses. Debian 12 and Ubuntu 22.04 ship an older libstdc++. The dynamic linker refuses a missing version unless
/// its entry carries <c>VER_FLG_WEAK</c>.
/// </remarks>
internal static class ElfVersionNeeds
{
    private const uint GnuVersionNeedsSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort WeakFlag = 0x2; // VER_FLG_WEAK

    /// <summary>Marks <paramref name="version"/> as weak in an image of a 64-bit little-endian ELF file.</summary>
    /// <param name="image">The whole file; changed in place.</param>
    /// <param name="version">The version's name, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>True where an entry was found and marked (or was marked already).</returns>
    public static bool MarkWeak(Span<byte> image, string version)
    {
        if (image.Length < 64 || !image[..6].SequenceEqual((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
            return false;
        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(image[0x28..]);
        int entrySize = BinaryPrimitives.ReadUInt16LittleEndian(image[0x3a..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(image[0x3c..]);
        if (sections <= 0 || entrySize < 64 || (long)sections + ((long)count * entrySize) > image.Length)
            return false;

        var found = false;
        for (var s = 0; s < count; s++)
        {
            var header = image.Slice(sections + (s * entrySize), entrySize);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != GnuVersionNeedsSection)
                continue;
            var names = image.Slice(sections + ((int)BinaryPrimitives.ReadUInt32LittleEndian(header[0x28..]) * entrySize), entrySize);
            found |= MarkInSection(image, Range(header), Range(names), version);
        }
        return found;
    }

    private static (int Offset, int Size) Range(ReadOnlySpan<byte> header) =>
        ((int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]), (int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]));

    private static bool MarkInSection(Span<byte> image, (int Offset, int Size) needs, (int Offset, int Size) names, string version)
    {
        var section = image.Slice(needs.Offset, needs.Size);
        var strings = image.Slice(names.Offset, names.Size);
        var wanted = Encoding.ASCII.GetBytes(version);
        var found = false;
        for (var file = 0; ;)
        {
            // Elf64_Verneed: version u16, count u16, file u32, aux u32, next u32.
            int auxiliaries = BinaryPrimitives.ReadUInt16LittleEndian(section[(file + 2)..]);
            var aux = file + (int)BinaryPrimitives.ReadUInt32LittleEndian(section[(file + 8)..]);
            for (var i = 0; i < auxiliaries; i++)
            {
                // Elf64_Vernaux: hash u32, flags u16, other u16, name u32, next u32.
                var name = strings[(int)BinaryPrimitives.ReadUInt32LittleEndian(section[(aux + 8)..])..];
                if (name.Length > wanted.Length && name[..wanted.Length].SequenceEqual(wanted) && name[wanted.Length] == 0)
                {
                    var flags = section.Slice(aux + 4, 2);
                    BinaryPrimitives.WriteUInt16LittleEndian(
                        flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | WeakFlag));
                    found = true;
                }
                aux += (int)BinaryPrimitives.ReadUInt32LittleEndian(section[(aux + 12)..]);
            }
            var next = (int)BinaryPrimitives.ReadUInt32LittleEndian(section[(file + 12)..]);
            if (next == 0)
                return found;
            file += next;
        }
    }
}
