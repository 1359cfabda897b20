using System.Buffers.Binary;
using System.Collections;
using System.Numerics;

namespace Hita.Tokenization.TokenFiles;

/// <summary>
/// Codes read in place from packed bits: code i takes bits i·b … i·b + b − 1, and bit k is bit k mod 8 (from the lowest) of byte
/// k div 8.
/// </summary>
internal sealed class PackedCodes : IReadOnlyList<int>
{
    private readonly byte[] _bytes;
    private readonly long _firstBit;
    private readonly int _bits;

    /// <summary>Creates the view.</summary>
    /// <param name="bytes">At least four bytes from the one that any code starts in.</param>
    /// <param name="firstBit">Where the first code starts, in bits from the start of the bytes.</param>
    /// <param name="bits">Bits of a code, 1 … 20.</param>
    /// <param name="count">Number of codes.</param>
    public PackedCodes(byte[] bytes, long firstBit, int bits, int count)
    {
        _bytes = bytes;
        _firstBit = firstBit;
        _bits = bits;
        Count = count;
    }

    public int Count { get; }

    public int this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            var bit = _firstBit + ((long)index * _bits);
            // 20 bits that start anywhere in a byte end within four bytes.
            var word = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan((int)(bit >> 3)));
            return (int)((word >> (int)(bit & 7)) & ((1u << _bits) - 1));
        }
    }

    /// <summary>Bits that a code below this size needs.</summary>
    public static int BitsFor(int codebookSize) => BitOperations.Log2((uint)(codebookSize - 1)) + 1;

    /// <summary>Whole bytes that hold so many codes.</summary>
    public static long ByteCount(long count, int bits) => ((count * bits) + 7) / 8;

    /// <summary>Packs codes after bits that are there already.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="bits">Bits of a code.</param>
    /// <param name="destination">Zero from <paramref name="firstBit"/> on.</param>
    /// <param name="firstBit">Where the first code goes.</param>
    /// <returns>The bit after the last code.</returns>
    public static long Pack(IReadOnlyList<int> codes, int bits, Span<byte> destination, long firstBit)
    {
        var bit = firstBit;
        for (var i = 0; i < codes.Count; i++, bit += bits)
        {
            // The lists belong to the caller, who may have changed them since they were checked.
            var code = (uint)codes[i] >> bits == 0 ? (uint)codes[i] : throw new InvalidOperationException("The codes were changed while they were written.");
            var at = (int)(bit >> 3);
            for (var word = code << (int)(bit & 7); word != 0; word >>= 8)
                destination[at++] |= (byte)word;
        }
        return bit;
    }

    public IEnumerator<int> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
