using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// Sixteen bits with a sign, five of exponent and ten of fraction: an IEEE half without infinities and subnormal numbers. Two
/// shifts and a mask make a float32 of it that is smaller by 2^-112, a factor which costs nothing when it is put on what the
/// number is multiplied with.
/// </summary>
internal static class SmallFloat
{
    /// <summary>What a number is multiplied by after its bits have been moved: 2^112.</summary>
    public const float Factor = 5192296858534827628530496329220096f;

    /// <summary>The largest magnitude; what lies beyond becomes it.</summary>
    public const float Largest = 131008;

    // Exponents are 127 apart from float32's and 15 from the half's.
    private const int ExponentShift = 112 << 10;

    /// <summary>The nearest small float, ties to even; less than 2^-14 becomes zero.</summary>
    public static ushort Encode(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        var magnitude = bits & 0x7FFFFFFF;
        var rounded = ((magnitude + 0xFFF + ((magnitude >> 13) & 1)) >> 13) - ExponentShift;
        if (rounded < 0x400)
            rounded = 0;
        return (ushort)(Math.Min(rounded, 0x7FFF) | ((bits >> 16) & 0x8000));
    }

    /// <summary>The nearest small floats of several values, each in the lower half of a word.</summary>
    /// <param name="values">The values.</param>
    /// <param name="words">As many words.</param>
    public static void Encode(ReadOnlySpan<float> values, Span<uint> words)
    {
        var from = MemoryMarshal.Cast<float, Vector256<int>>(values);
        var to = MemoryMarshal.Cast<uint, Vector256<int>>(words);
        for (var i = 0; i < from.Length; i++)
        {
            var magnitude = from[i] & Vector256.Create(0x7FFFFFFF);
            var rounded = ((magnitude + Vector256.Create(0xFFF) + ((magnitude >> 13) & Vector256<int>.One)) >> 13) - Vector256.Create(ExponentShift);
            rounded = Vector256.ConditionalSelect(Vector256.LessThan(rounded, Vector256.Create(0x400)), Vector256<int>.Zero, rounded);
            to[i] = Vector256.Min(rounded, Vector256.Create(0x7FFF)) | ((from[i] >> 16) & Vector256.Create(0x8000));
        }
        for (var i = from.Length * Vector256<int>.Count; i < values.Length; i++)
            words[i] = Encode(values[i]);
    }

    /// <summary>The number.</summary>
    public static float Decode(ushort value) =>
        BitConverter.Int32BitsToSingle(((value << 16) >> 3) & unchecked((int)0x8FFFFFFF)) * Factor;
}
