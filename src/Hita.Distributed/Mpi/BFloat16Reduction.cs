using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hita.Distributed.Mpi;

/// <summary>
/// Sums and maxima of bfloat16, which MPI has no type for. Two values are added in float32 and the sum is rounded to the nearest bfloat16,
/// ties to even, each time: half of the bytes of float32 travel, and a sum over n ranks has an error of up to n − 1 roundings of 2⁻⁹.
/// </summary>
internal static unsafe class BFloat16Reduction
{
    /// <summary>The bits of what is no number.</summary>
    internal const uint NotANumber = 0x7FC0;

    /// <summary>The function for addition, as MPI takes it.</summary>
    public static nint Sum => (nint)(delegate* unmanaged[Cdecl]<ushort*, ushort*, int*, nint*, void>)&Add;

    /// <summary>The function for the maximum, as MPI takes it.</summary>
    public static nint Max => (nint)(delegate* unmanaged[Cdecl]<ushort*, ushort*, int*, nint*, void>)&Larger;

    /// <summary>The sum of two values.</summary>
    internal static ushort Plus(ushort a, ushort b) => Narrow(Wide(a) + Wide(b));

    /// <summary>The nearest bfloat16, ties to even.</summary>
    internal static ushort Narrow(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        // Rounding up could turn a NaN into a number.
        return (ushort)((bits & 0x7FFF_FFFF) > 0x7F80_0000 ? NotANumber : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The value as float32.</summary>
    internal static float Wide(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Add(ushort* other, ushort* own, int* count, nint* type)
    {
        for (var i = 0; i < *count; i++)
            own[i] = Plus(own[i], other[i]);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Larger(ushort* other, ushort* own, int* count, nint* type)
    {
        for (var i = 0; i < *count; i++)
        {
            if (Wide(other[i]) > Wide(own[i]) || float.IsNaN(Wide(other[i])))
                own[i] = other[i];
        }
    }
}
