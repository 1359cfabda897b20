using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>What a pickle asks to be made by calling something. Nothing is called: it is noted what was asked for.</summary>
/// <param name="Name">The full Python name of what would be called.</param>
/// <param name="Arguments">What it would be given.</param>
internal sealed record PickledObject(string Name, object?[] Arguments)
{
    /// <summary>What it is given afterwards.</summary>
    public object? State { get; set; }
}

/// <summary>A name that a pickle mentions.</summary>
internal sealed record PickledName(string Name);

/// <summary>Turns what stands in a pickle where a class should into a number, or tells what it is.</summary>
internal static class PickledLabel
{
    private const int MaxNumberBytes = 8;

    /// <summary>The whole number that a value stands for: a plain one, or one of NumPy.</summary>
    /// <param name="value">The value.</param>
    /// <param name="read">Reads bytes of the file.</param>
    public static long? Number(object? value, Func<LmdbValue, byte[]> read) => value switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        double real when real == Math.Floor(real) && Math.Abs(real) < 1L << 53 => (long)real,
        PickledObject { Name: "numpy.core.multiarray.scalar" or "numpy._core.multiarray.scalar", Arguments: [PickledObject type, LmdbValue bytes] } => Number(type, bytes, read),
        // An array of one number: its form, type and bytes are given to it afterwards.
        PickledObject { Name: "numpy.core.multiarray._reconstruct" or "numpy._core.multiarray._reconstruct", State: object?[] and [_, object?[] form, PickledObject type, _, LmdbValue bytes] }
            when Array.TrueForAll(form, static side => side is 1L) => Number(type, bytes, read),
        _ => null,
    };

    /// <summary>What a value is, as a part of a sentence.</summary>
    public static string KindOf(object? value) => value switch
    {
        null => "None",
        long => "a number",
        bool => "a truth value",
        double => "a number that is not whole",
        string text => $"the text '{MessageText.Short(text)}'",
        LmdbValue => "bytes",
        List<object?> => "a list",
        object?[] => "a tuple",
        Dictionary<string, object?> => "a dictionary",
        PickledObject made => $"made by {MessageText.Short(made.Name)}",
        PickledName name => $"the name {MessageText.Short(name.Name)}",
        _ => "of an unknown kind",
    };

    // NumPy's type is made of a letter with the bytes of a number, such as i8; the order of the bytes follows in its state.
    private static long? Number(PickledObject type, LmdbValue bytes, Func<LmdbValue, byte[]> read)
    {
        if (type is not { Name: "numpy.dtype", Arguments: [string code, ..] } || bytes.Length is < 1 or > MaxNumberBytes)
            return null;
        var number = read(bytes);
        if (type.State is object?[] and [_, ">", ..])
            Array.Reverse(number);
        Span<byte> wide = stackalloc byte[MaxNumberBytes];
        wide.Fill(code.StartsWith('i') && number[^1] >= 0x80 ? (byte)0xFF : (byte)0);
        number.CopyTo(wide);
        var whole = BitConverter.IsLittleEndian ? BitConverter.ToInt64(wide) : System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(wide);
        return code switch
        {
            "i1" or "i2" or "i4" or "i8" or "u1" or "u2" or "u4" or "b1" when code[1] - '0' == number.Length => whole,
            "u8" when number.Length == 8 => whole < 0 ? long.MaxValue : whole,
            "f8" when number.Length == 8 => Number(BitConverter.Int64BitsToDouble(whole), read),
            "f4" when number.Length == 4 => Number((double)BitConverter.Int32BitsToSingle((int)whole), read),
            _ => null,
        };
    }
}
