using System.Buffers;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>Streams one stored tensor through a small buffer: to check its values, or to fill a tensor whose shape has been checked.</summary>
internal static class TensorFiller
{
    private const int ChunkElements = 1 << 18;

    /// <summary>The outcome of a check of values.</summary>
    public enum Outcome
    {
        Fits,
        NonFinite,
        TooLarge,
    }

    /// <summary>Checks that all values are finite, and that they stay so in another type.</summary>
    public static Outcome Check(ITensorSource source, TensorEntry entry, TensorType type)
    {
        var size = entry.Type.Size();
        var max = (int)Math.Min(entry.Count, ChunkElements);
        var raw = ArrayPool<byte>.Shared.Rent(max * size);
        var converted = ArrayPool<byte>.Shared.Rent(max * 8);
        try
        {
            for (var at = 0L; at < entry.Count; at += max)
            {
                var now = (int)Math.Min(max, entry.Count - at);
                var part = raw.AsSpan(0, now * size);
                source.ReadPart(entry.Name, at * size, part);
                var fit = entry.Type.IsFloat() ? CheckFloats(entry.Type, type, part, converted) : CheckInts(entry.Type, type, part, converted);
                if (fit != Outcome.Fits)
                    return fit;
            }
            return Outcome.Fits;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
            ArrayPool<byte>.Shared.Return(converted);
        }
    }

    /// <summary>Fills a tensor of the same shape, converting the type where it differs.</summary>
    public static void Fill(ITensorSource source, TensorEntry entry, Tensor target, TensorType type)
    {
        if (entry.Count == 0)
            return;
        if (TorchTensors.IsPlain(target))
        {
            TorchTensors.VisitBytes(target, (at, bytes) => FillBytes(source, entry, type, at, bytes));
            return;
        }
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var staging = empty(target.shape, dtype: target.dtype);
        TorchTensors.VisitBytes(staging, (at, bytes) => FillBytes(source, entry, type, at, bytes));
        target.copy_(staging);
    }

    /// <summary>Reads elements converted to another type of the same kind.</summary>
    /// <param name="source">The opened file.</param>
    /// <param name="entry">The stored tensor.</param>
    /// <param name="type">The type to convert to.</param>
    /// <param name="at">Where the part starts, in bytes of <paramref name="type"/>.</param>
    /// <param name="bytes">Receives the part.</param>
    public static void FillBytes(ITensorSource source, TensorEntry entry, TensorType type, long at, Span<byte> bytes)
    {
        if (type == entry.Type)
        {
            source.ReadPart(entry.Name, at, bytes);
            return;
        }
        var (from, to) = (entry.Type.Size(), type.Size());
        var raw = ArrayPool<byte>.Shared.Rent(Math.Min(ChunkElements, bytes.Length / to) * from);
        var wide = ArrayPool<byte>.Shared.Rent(Math.Min(ChunkElements, bytes.Length / to) * 8);
        try
        {
            while (bytes.Length > 0)
            {
                var now = Math.Min(ChunkElements, bytes.Length / to);
                var part = raw.AsSpan(0, now * from);
                source.ReadPart(entry.Name, at / to * from, part);
                Convert(entry.Type, type, part, wide, bytes[..(now * to)]);
                at += now * to;
                bytes = bytes[(now * to)..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
            ArrayPool<byte>.Shared.Return(wide);
        }
    }

    private static void Convert(TensorType from, TensorType to, ReadOnlySpan<byte> part, Span<byte> wide, Span<byte> result)
    {
        var count = part.Length / from.Size();
        if (from.IsFloat())
        {
            var floats = MemoryMarshal.Cast<byte, float>(wide)[..count];
            TensorConversion.ToFloats(from, part, floats);
            TensorConversion.FromFloats(to, floats, result);
        }
        else
        {
            var longs = MemoryMarshal.Cast<byte, long>(wide)[..count];
            TensorConversion.ToLongs(from, part, longs);
            TensorConversion.FromLongs(to, longs, result);
        }
    }

    private static Outcome CheckFloats(TensorType from, TensorType to, ReadOnlySpan<byte> part, Span<byte> wide)
    {
        var count = part.Length / from.Size();
        if (from == TensorType.Float64)
        {
            foreach (var value in MemoryMarshal.Cast<byte, double>(part))
            {
                if (!double.IsFinite(value))
                    return Outcome.NonFinite;
            }
        }
        if (from == TensorType.Float32 && to != TensorType.Float16)
            return TensorConversion.AnyNonFinite(MemoryMarshal.Cast<byte, float>(part)) ? Outcome.NonFinite : Outcome.Fits;

        var floats = MemoryMarshal.Cast<byte, float>(wide)[..count];
        TensorConversion.ToFloats(from, part, floats);
        if (TensorConversion.AnyNonFinite(floats))
            return from == TensorType.Float64 ? Outcome.TooLarge : Outcome.NonFinite;
        if (to != TensorType.Float16 || from == TensorType.Float16)
            return Outcome.Fits;
        foreach (var value in floats)
        {
            if (Half.IsInfinity((Half)value))
                return Outcome.TooLarge;
        }
        return Outcome.Fits;
    }

    private static Outcome CheckInts(TensorType from, TensorType to, ReadOnlySpan<byte> part, Span<byte> wide)
    {
        var longs = MemoryMarshal.Cast<byte, long>(wide)[..(part.Length / from.Size())];
        if (!TensorConversion.ToLongs(from, part, longs))
            return Outcome.TooLarge;
        Span<byte> scratch = stackalloc byte[8];
        foreach (var value in longs)
        {
            if (!TensorConversion.FromLongs(to, [value], scratch))
                return Outcome.TooLarge;
        }
        return Outcome.Fits;
    }
}
