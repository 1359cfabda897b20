using System.Numerics;
using System.Runtime.InteropServices;

namespace Hita.Distributed.Mpi;

/// <summary>Rows of bfloat16 that are added up in float32.</summary>
internal static class BFloat16Rows
{
    /// <summary>Adds values to sums.</summary>
    public static void Add(Span<float> sums, ReadOnlySpan<ushort> values)
    {
        var wide = MemoryMarshal.Cast<float, Vector<float>>(sums);
        var narrow = MemoryMarshal.Cast<ushort, Vector<ushort>>(values);
        for (var i = 0; i < narrow.Length; i++)
        {
            Vector.Widen(narrow[i], out var low, out var high);
            wide[2 * i] += Vector.AsVectorSingle(Vector.ShiftLeft(low, 16));
            wide[(2 * i) + 1] += Vector.AsVectorSingle(Vector.ShiftLeft(high, 16));
        }
        for (var i = narrow.Length * Vector<ushort>.Count; i < sums.Length; i++)
            sums[i] += BFloat16Reduction.Wide(values[i]);
    }

    /// <summary>Rounds to the nearest, ties to even.</summary>
    public static void Round(ReadOnlySpan<float> values, Span<ushort> rounded)
    {
        var wide = MemoryMarshal.Cast<float, Vector<float>>(values);
        var narrow = MemoryMarshal.Cast<ushort, Vector<ushort>>(rounded);
        for (var i = 0; i < narrow.Length; i++)
            narrow[i] = Vector.Narrow(Rounded(wide[2 * i]), Rounded(wide[(2 * i) + 1]));
        for (var i = narrow.Length * Vector<ushort>.Count; i < rounded.Length; i++)
            rounded[i] = BFloat16Reduction.Narrow(values[i]);
    }

    private static Vector<uint> Rounded(Vector<float> values)
    {
        var bits = Vector.AsVectorUInt32(values);
        var up = Vector.ShiftRightLogical(bits + new Vector<uint>(0x7FFF) + (Vector.ShiftRightLogical(bits, 16) & Vector<uint>.One), 16);
        // Rounding up could turn a NaN into a number.
        return Vector.ConditionalSelect(Vector.Equals(values, values).As<int, uint>(), up, new Vector<uint>(BFloat16Reduction.NotANumber));
    }
}
