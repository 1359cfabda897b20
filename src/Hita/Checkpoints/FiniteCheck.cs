using System.Runtime.InteropServices;

namespace Hita.Checkpoints;

/// <summary>Looks for infinite values and values that are not numbers in raw bytes.</summary>
internal static class FiniteCheck
{
    /// <summary>Whether all elements are finite; types other than floating-point always are.</summary>
    /// <param name="type">The elements' type.</param>
    /// <param name="bytes">Whole little-endian elements.</param>
    public static bool AllFinite(TensorType type, ReadOnlySpan<byte> bytes) => type switch
    {
        TensorType.Float32 => !TensorConversion.AnyNonFinite(MemoryMarshal.Cast<byte, float>(bytes)),
        TensorType.Float64 => AllFinite(MemoryMarshal.Cast<byte, double>(bytes)),
        TensorType.Float16 => NoneHasAll(MemoryMarshal.Cast<byte, ushort>(bytes), 0x7c00),
        TensorType.BFloat16 => NoneHasAll(MemoryMarshal.Cast<byte, ushort>(bytes), 0x7f80),
        _ => true,
    };

    private static bool AllFinite(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
                return false;
        }
        return true;
    }

    // An exponent of ones marks infinities and what is not a number.
    private static bool NoneHasAll(ReadOnlySpan<ushort> values, ushort exponent)
    {
        foreach (var value in values)
        {
            if ((value & exponent) == exponent)
                return false;
        }
        return true;
    }
}
