using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Hita.Checkpoints;

/// <summary>Element-wise conversion between stored types. The machine is little-endian, as every one .NET and libtorch share is.</summary>
internal static class TensorConversion
{
    /// <summary>Converts floating-point elements to float32.</summary>
    public static void ToFloats(TensorType type, ReadOnlySpan<byte> from, Span<float> to)
    {
        switch (type)
        {
            case TensorType.Float32:
                MemoryMarshal.Cast<byte, float>(from).CopyTo(to);
                break;
            case TensorType.Float64:
                var doubles = MemoryMarshal.Cast<byte, double>(from);
                for (var i = 0; i < to.Length; i++)
                    to[i] = (float)doubles[i];
                break;
            case TensorType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(from);
                for (var i = 0; i < to.Length; i++)
                    to[i] = (float)halves[i];
                break;
            case TensorType.BFloat16:
                var upper = MemoryMarshal.Cast<byte, ushort>(from);
                for (var i = 0; i < to.Length; i++)
                    to[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a float type");
        }
    }

    /// <summary>Converts float32 to a floating-point type, rounding to nearest even.</summary>
    public static void FromFloats(TensorType type, ReadOnlySpan<float> from, Span<byte> to)
    {
        switch (type)
        {
            case TensorType.Float32:
                from.CopyTo(MemoryMarshal.Cast<byte, float>(to));
                break;
            case TensorType.Float64:
                var doubles = MemoryMarshal.Cast<byte, double>(to);
                for (var i = 0; i < from.Length; i++)
                    doubles[i] = from[i];
                break;
            case TensorType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(to);
                for (var i = 0; i < from.Length; i++)
                    halves[i] = (Half)from[i];
                break;
            case TensorType.BFloat16:
                var upper = MemoryMarshal.Cast<byte, ushort>(to);
                for (var i = 0; i < from.Length; i++)
                    upper[i] = ToBFloat16(from[i]);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a float type");
        }
    }

    /// <summary>Converts integers to 64 bits; unsigned values beyond them come out negative and are told by the result.</summary>
    public static bool ToLongs(TensorType type, ReadOnlySpan<byte> from, Span<long> to)
    {
        var size = type.Size();
        var fits = true;
        for (var i = 0; i < to.Length; i++)
        {
            var at = from[(i * size)..];
            to[i] = type switch
            {
                TensorType.Int64 or TensorType.UInt64 => BinaryPrimitives.ReadInt64LittleEndian(at),
                TensorType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(at),
                TensorType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(at),
                TensorType.Int8 => (sbyte)at[0],
                TensorType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(at),
                TensorType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(at),
                TensorType.UInt8 => at[0],
                TensorType.Bool => at[0] == 0 ? 0 : 1,
                _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an integer type"),
            };
            fits &= type != TensorType.UInt64 || to[i] >= 0;
        }
        return fits;
    }

    /// <summary>Converts integers to 32 bits.</summary>
    /// <returns>Whether all values fit.</returns>
    public static bool ToInts(TensorType type, ReadOnlySpan<byte> from, Span<int> to)
    {
        if (type == TensorType.Int32)
        {
            MemoryMarshal.Cast<byte, int>(from).CopyTo(to);
            return true;
        }
        var size = type.Size();
        Span<long> few = stackalloc long[256];
        for (var at = 0; at < to.Length; at += few.Length)
        {
            var part = few[..Math.Min(few.Length, to.Length - at)];
            if (!ToLongs(type, from.Slice(at * size, part.Length * size), part))
                return false;
            for (var i = 0; i < part.Length; i++)
            {
                if (part[i] is < int.MinValue or > int.MaxValue)
                    return false;
                to[at + i] = (int)part[i];
            }
        }
        return true;
    }

    /// <summary>Converts 64-bit integers to an integer type.</summary>
    /// <returns>Whether all values fit.</returns>
    public static bool FromLongs(TensorType type, ReadOnlySpan<long> from, Span<byte> to)
    {
        var size = type.Size();
        var (min, max) = type switch
        {
            TensorType.Int64 => (long.MinValue, long.MaxValue),
            TensorType.Int32 => (int.MinValue, int.MaxValue),
            TensorType.Int16 => (short.MinValue, short.MaxValue),
            TensorType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
            TensorType.UInt64 => (0L, long.MaxValue),
            TensorType.UInt32 => (0L, uint.MaxValue),
            TensorType.UInt16 => (0L, ushort.MaxValue),
            TensorType.UInt8 => (0L, byte.MaxValue),
            TensorType.Bool => (0L, 1L),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an integer type"),
        };
        Span<byte> eight = stackalloc byte[8];
        for (var i = 0; i < from.Length; i++)
        {
            if (from[i] < min || from[i] > max)
                return false;
            BinaryPrimitives.WriteInt64LittleEndian(eight, from[i]);
            eight[..size].CopyTo(to[(i * size)..]);
        }
        return true;
    }

    /// <summary>Whether any value is infinite or not a number.</summary>
    public static bool AnyNonFinite(ReadOnlySpan<float> values)
    {
        // The exponent of every value must not be all ones; comparing bits works on NaN too and vectorises well.
        foreach (var bits in MemoryMarshal.Cast<float, uint>(values))
        {
            if ((bits & 0x7F800000) == 0x7F800000)
                return true;
        }
        return false;
    }

    /// <summary>Reverses the bytes of each unit in place.</summary>
    public static void Swap(Span<byte> bytes, int unit)
    {
        switch (unit)
        {
            case 1:
                break;
            case 2:
                BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, ushort>(bytes), MemoryMarshal.Cast<byte, ushort>(bytes));
                break;
            case 4:
                BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, uint>(bytes), MemoryMarshal.Cast<byte, uint>(bytes));
                break;
            case 8:
                BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, ulong>(bytes), MemoryMarshal.Cast<byte, ulong>(bytes));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(unit), unit, "not an element size");
        }
    }

    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
