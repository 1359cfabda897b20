using System.Runtime.Intrinsics;

namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// Rows of float32 as whole multiples of a scale a row, up to 32767 in magnitude: finer than what int8 weights round to by two
/// orders of magnitude, so that sums of products can be whole numbers.
/// </summary>
internal static unsafe class RowQuantizer
{
    private const int Lanes = 8;
    private const float Largest = short.MaxValue;

    // Below it the reciprocal could overflow; such a row is nothing beside any other.
    private const float Smallest = 1e-30f;

    /// <summary>Quantizes a block of rows.</summary>
    /// <param name="x">For every input the rows side by side.</param>
    /// <param name="inputs">Inputs.</param>
    /// <param name="rows">1, 2, 4 or 8.</param>
    /// <param name="pairs">Receives, for every two inputs, a word a row: the first in the lower half. A missing last one is zero.</param>
    /// <param name="scales">Receives a scale a row.</param>
    public static void Quantize(float* x, int inputs, int rows, int* pairs, float* scales)
    {
        var factors = stackalloc float[Lanes];
        Measure(x, inputs * rows, rows, factors, scales);
        var factor = Vector256.Load(factors);
        // Two vectors hold pairs of every row.
        var whole = inputs * rows / (2 * Lanes) * (2 * Lanes);
        for (var i = 0; i < whole; i += 2 * Lanes)
        {
            var a = Round(Vector256.Load(x + i) * factor);
            var b = Round(Vector256.Load(x + i + Lanes) * factor);
            Pair(a, b, rows).Store(pairs + (i / 2));
        }
        for (var input = whole / rows; input < inputs; input += 2)
        {
            for (var row = 0; row < rows; row++)
            {
                var first = Round(Vector256.CreateScalar(x[(input * rows) + row] * factors[row]))[0];
                var second = input + 1 < inputs ? Round(Vector256.CreateScalar(x[((input + 1) * rows) + row] * factors[row]))[0] : 0;
                pairs[(input / 2 * rows) + row] = (first & 0xFFFF) | (second << 16);
            }
        }
    }

    /// <summary>Multiplies rows of a product by their scales.</summary>
    /// <param name="tile">32 outputs a row.</param>
    /// <param name="count">Rows, of one panel or of several after each other.</param>
    /// <param name="scales">The block's scales.</param>
    /// <param name="rows">How many there are, a power of two.</param>
    public static void Rescale(float* tile, int count, float* scales, int rows)
    {
        for (var i = 0; i < count; i++, tile += Panel.Width)
        {
            var scale = scales[i & (rows - 1)];
            for (var lane = 0; lane < Panel.Width; lane += Lanes)
                (Vector256.Load(tile + lane) * scale).Store(tile + lane);
        }
    }

    // The factor and the scale of each row, the factors repeated over a vector.
    private static void Measure(float* x, int count, int rows, float* factors, float* scales)
    {
        var largest = stackalloc float[Lanes];
        var bound = Vector256<float>.Zero;
        var whole = count / Lanes * Lanes;
        for (var i = 0; i < whole; i += Lanes)
            bound = Vector256.Max(bound, Vector256.Abs(Vector256.Load(x + i)));
        bound.Store(largest);
        for (var i = whole; i < count; i++)
            largest[i % Lanes] = Math.Max(largest[i % Lanes], Math.Abs(x[i]));
        for (var row = 0; row < rows; row++)
        {
            var top = 0f;
            for (var lane = row; lane < Lanes; lane += rows)
                top = Math.Max(top, largest[lane]);
            scales[row] = top > Smallest ? top / Largest : 0;
            for (var lane = row; lane < Lanes; lane += rows)
                factors[lane] = top > Smallest ? Largest / top : 0;
        }
    }

    private static Vector256<int> Round(Vector256<float> x) => Vector256.ConvertToInt32(Vector256.Round(x));

    // Sixteen values in the order of inputs, then rows, become eight words.
    private static Vector256<int> Pair(Vector256<int> a, Vector256<int> b, int rows)
    {
        Vector256<int> first, second;
        switch (rows)
        {
            case 8:
                (first, second) = (a, b);
                break;
            case 4:
                first = Vector256.Create(a.GetLower(), b.GetLower());
                second = Vector256.Create(a.GetUpper(), b.GetUpper());
                break;
            case 2:
                var (x, y) = (Vector256.Shuffle(a, Vector256.Create(0, 1, 4, 5, 2, 3, 6, 7)), Vector256.Shuffle(b, Vector256.Create(0, 1, 4, 5, 2, 3, 6, 7)));
                first = Vector256.Create(x.GetLower(), y.GetLower());
                second = Vector256.Create(x.GetUpper(), y.GetUpper());
                break;
            default:
                return Vector256.Narrow(a, b).AsInt32();
        }
        return (first & Vector256.Create(0xFFFF)) | (second << 16);
    }
}
