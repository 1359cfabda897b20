using System.Runtime.CompilerServices;
using Hita.Generation.Engine.Kernels;

namespace Hita.Generation.Engine.Packing;

/// <summary>Lays row-major float32 matrices out in panels.</summary>
internal static unsafe class MatrixPacker
{
    /// <summary>Packs a matrix.</summary>
    /// <param name="values">[outputs, inputs].</param>
    /// <param name="kind">How the weights are kept.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns.</param>
    /// <param name="packed">Receives the panels.</param>
    public static void Pack(ReadOnlyMemory<float> values, PanelKind kind, int outputs, int inputs, byte* packed)
    {
        var panelBytes = Panel.Bytes(kind, inputs);
        Parallel.For(0, Panel.Count(outputs), panel =>
        {
            var first = panel * Panel.Width;
            var rows = values.Span.Slice(first * inputs, Math.Min(Panel.Width, outputs - first) * inputs);
            var at = packed + (panel * panelBytes);
            if (kind == PanelKind.Full)
                PackFloat32(rows, inputs, (float*)at);
            else if (kind == PanelKind.Brain)
                PackBFloat16(rows, inputs, (uint*)at);
            else
                PackInt8(rows, inputs, at);
        });
    }

    /// <summary>The nearest bfloat16, ties to even, in the lower half of the result. A NaN stays one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    }

    private static void PackFloat32(ReadOnlySpan<float> rows, int inputs, float* packed)
    {
        var count = rows.Length / inputs;
        for (var input = 0; input < inputs; input++)
        {
            for (var output = 0; output < Panel.Width; output++)
                *packed++ = output < count ? rows[(output * inputs) + input] : 0;
        }
    }

    private static void PackBFloat16(ReadOnlySpan<float> rows, int inputs, uint* packed)
    {
        const int Half = Panel.Width / 2;
        var count = rows.Length / inputs;
        for (var input = 0; input < inputs; input++)
        {
            for (var output = 0; output < Half; output++)
            {
                var low = output < count ? ToBFloat16(rows[(output * inputs) + input]) : 0;
                var high = output + Half < count ? ToBFloat16(rows[((output + Half) * inputs) + input]) : 0;
                *packed++ = low | (high << 16);
            }
        }
    }

    private static void PackInt8(ReadOnlySpan<float> rows, int inputs, byte* packed)
    {
        const int Half = Panel.Width / 2;
        var count = rows.Length / inputs;
        for (var start = 0; start < inputs; start += Panel.GroupLength)
        {
            var length = Math.Min(Panel.GroupLength, inputs - start);
            var scales = (ushort*)packed;
            var bytes = (sbyte*)(packed + Panel.ScaleBytes);
            // A last input without another one goes with a weight of zero.
            var padded = (length + 1) / 2 * 2;
            for (var output = 0; output < Panel.Width; output++)
            {
                var group = output < count ? rows.Slice((output * inputs) + start, length) : default;
                scales[(output % Half * 2) + (output / Half)] = PackGroup(group, bytes + (2 * output), padded);
            }
            packed += Panel.ScaleBytes + (padded * Panel.BytesPerInput);
        }
    }

    /// <summary>Rounds a group to 255 steps of its scale, a bfloat16 that carries the largest magnitude.</summary>
    private static ushort PackGroup(ReadOnlySpan<float> group, sbyte* bytes, int length)
    {
        var largest = 0f;
        foreach (var value in group)
            largest = Math.Max(largest, Math.Abs(value));

        // Rounded up, so that the largest magnitude needs no more than 127 steps. Below 1e-30 the reciprocal could overflow, and
        // such weights are nothing beside any other.
        var bits = largest > 1e-30f ? (BitConverter.SingleToUInt32Bits(largest / sbyte.MaxValue) + 0xFFFF) >> 16 : 0;
        var stepsPerUnit = bits > 0 ? 1 / BitConverter.UInt32BitsToSingle(bits << 16) : 0;
        for (var i = 0; i < length; i++)
        {
            var steps = i < group.Length ? MathF.Round(group[i] * stepsPerUnit) : 0;
            bytes[(i / 2 * 2 * Panel.BytesPerInput) + (i % 2)] = (sbyte)Math.Clamp(steps, -sbyte.MaxValue, sbyte.MaxValue);
        }
        return (ushort)bits;
    }
}
