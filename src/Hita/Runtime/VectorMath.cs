using System.Numerics;
using System.Runtime.InteropServices;

namespace Hita.Runtime;

/// <summary>
/// Elementary functions over vectors of any width. Only single IEEE operations are used, never fused ones, so that every
/// element has the same bits whatever the width and the processor.
/// </summary>
internal static class VectorMath
{
    private const float Log2E = 1.44269504088896341f;

    // ln 2 in two parts: n · High is exact for the n that occur, so that x − n·ln 2 keeps its low bits.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // Below it the result is less than half the smallest normal number and is taken as zero.
    private const float Lowest = -87.3f;
    private const float Highest = 88.3f;

    /// <summary>
    /// e^x, relative error under 2e-7 in [-87.3, 88.3]; 0 below (also for −∞), the value at 88.3 above. NaN for NaN.
    /// </summary>
    public static Vector<float> Exp(Vector<float> x)
    {
        // In this order the plain machine instructions, which are several times faster than the exact ones, pass NaN on.
        var bounded = Vector.MinNative(new Vector<float>(Highest), Vector.MaxNative(new Vector<float>(Lowest), x));
        var n = Vector.Floor((bounded * Log2E) + new Vector<float>(0.5f));
        var r = bounded - (n * Ln2High) - (n * Ln2Low);
        var p = new Vector<float>(1.9875691500e-4f);
        p = (p * r) + new Vector<float>(1.3981999507e-3f);
        p = (p * r) + new Vector<float>(8.3334519073e-3f);
        p = (p * r) + new Vector<float>(4.1665795894e-2f);
        p = (p * r) + new Vector<float>(1.6666665459e-1f);
        p = (p * r) + new Vector<float>(5.0000001201e-1f);
        var result = (p * r * r) + r + Vector<float>.One;
        var power = Vector.AsVectorSingle((Vector.ConvertToInt32Native(n) + new Vector<int>(127)) << 23);
        return Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(Lowest)), Vector<float>.Zero, result * power);
    }

    /// <summary>e^x by the same operations as the vector form.</summary>
    public static float Exp(float x) => Exp(new Vector<float>(x))[0];

    /// <summary>Writes e^((value − shift) / divisor) for each value.</summary>
    /// <param name="values">What to take; may be <paramref name="results"/> itself.</param>
    /// <param name="shift">Subtracted first, usually the largest value.</param>
    /// <param name="divisor">Divided by next.</param>
    /// <param name="results">As long as <paramref name="values"/>.</param>
    public static void ShiftedExp(ReadOnlySpan<float> values, float shift, float divisor, Span<float> results)
    {
        var from = MemoryMarshal.Cast<float, Vector<float>>(values);
        var to = MemoryMarshal.Cast<float, Vector<float>>(results);
        for (var i = 0; i < from.Length; i++)
            to[i] = Exp((from[i] - new Vector<float>(shift)) / new Vector<float>(divisor));
        for (var i = from.Length * Vector<float>.Count; i < values.Length; i++)
            results[i] = Exp((values[i] - shift) / divisor);
    }

    /// <summary>Whether there is neither a NaN nor an infinity among the values.</summary>
    public static bool AllFinite(ReadOnlySpan<float> values)
    {
        // Only for these is a number minus itself not zero.
        var whole = MemoryMarshal.Cast<float, Vector<float>>(values);
        var differences = Vector<float>.Zero;
        foreach (var v in whole)
            differences += v - v;
        foreach (var v in values[(whole.Length * Vector<float>.Count)..])
            differences += new Vector<float>(v - v);
        return differences == Vector<float>.Zero;
    }
}
