namespace Hita.Checkpoints;

/// <summary>How the elements of a stored tensor are encoded; always little-endian once read.</summary>
public enum TensorType
{
    /// <summary>IEEE 754 binary64.</summary>
    Float64,

    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>IEEE 754 binary16.</summary>
    Float16,

    /// <summary>The upper half of a binary32.</summary>
    BFloat16,

    /// <summary>Signed 64-bit integer.</summary>
    Int64,

    /// <summary>Signed 32-bit integer.</summary>
    Int32,

    /// <summary>Signed 16-bit integer.</summary>
    Int16,

    /// <summary>Signed 8-bit integer.</summary>
    Int8,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8,

    /// <summary>One byte: 0 or 1.</summary>
    Bool,

    /// <summary>Two binary32 numbers.</summary>
    Complex64,

    /// <summary>Two binary64 numbers.</summary>
    Complex128,

    /// <summary>
    /// A type this library lists but does not convert, such as an 8-bit float; <see cref="TensorEntry.TypeName"/> says which.
    /// </summary>
    Other,
}

/// <summary>Sizes and names of the types.</summary>
public static class TensorTypes
{
    private static readonly (TensorType Type, string Safetensors, string Plain, int Size)[] Table =
    [
        (TensorType.Float64, "F64", "float64", 8), (TensorType.Float32, "F32", "float32", 4),
        (TensorType.Float16, "F16", "float16", 2), (TensorType.BFloat16, "BF16", "bfloat16", 2),
        (TensorType.Int64, "I64", "int64", 8), (TensorType.Int32, "I32", "int32", 4),
        (TensorType.Int16, "I16", "int16", 2), (TensorType.Int8, "I8", "int8", 1),
        (TensorType.UInt64, "U64", "uint64", 8), (TensorType.UInt32, "U32", "uint32", 4),
        (TensorType.UInt16, "U16", "uint16", 2), (TensorType.UInt8, "U8", "uint8", 1),
        (TensorType.Bool, "BOOL", "bool", 1), (TensorType.Complex64, "C64", "complex64", 8),
        (TensorType.Complex128, "C128", "complex128", 16),
    ];

    /// <summary>Bytes of one element; 0 for <see cref="TensorType.Other"/>.</summary>
    /// <param name="type">The type.</param>
    public static int Size(this TensorType type) => type == TensorType.Other ? 0 : Table[(int)type].Size;

    /// <summary>The plain name, for example <c>bfloat16</c>.</summary>
    /// <param name="type">The type.</param>
    public static string PlainName(this TensorType type) => type == TensorType.Other ? "other" : Table[(int)type].Plain;

    /// <summary>Whether the elements are real floating-point numbers that can be converted to float32.</summary>
    /// <param name="type">The type.</param>
    public static bool IsFloat(this TensorType type) => type <= TensorType.BFloat16;

    /// <summary>Whether the elements are integers or truth values.</summary>
    /// <param name="type">The type.</param>
    public static bool IsInteger(this TensorType type) => type is >= TensorType.Int64 and <= TensorType.Bool;

    /// <summary>The name in a safetensors header, for example <c>BF16</c>.</summary>
    internal static string SafetensorsName(this TensorType type) => Table[(int)type].Safetensors;

    /// <summary>The type of a safetensors name; <see cref="TensorType.Other"/> for a name that is not in the table.</summary>
    internal static TensorType FromSafetensorsName(string name)
    {
        foreach (var row in Table)
        {
            if (row.Safetensors == name)
                return row.Type;
        }
        return TensorType.Other;
    }

    /// <summary>The bytes that must be swapped together when the byte order differs.</summary>
    internal static int SwapUnit(this TensorType type) =>
        type is TensorType.Complex64 or TensorType.Complex128 ? type.Size() / 2 : type.Size();
}
