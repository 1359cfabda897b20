using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Hita.Training.Runs;

/// <summary>The checksum of event files: CRC-32C, turned and shifted so that a checksum of checksums stays strong.</summary>
internal static class MaskedChecksum
{
    private const uint Shift = 0xa282ead8;

    /// <summary>The masked CRC-32C of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => BitOperations.RotateRight(Crc32C(bytes), 15) + Shift;

    /// <summary>CRC-32 by the Castagnoli polynomial; that of <c>123456789</c> is E3069283.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes[..(bytes.Length & ~7)]))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var value in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
