using System.Runtime.Intrinsics;

namespace Hita.Generation.Engine;

/// <summary>RMSNorm over interleaved rows. A row's sum of squares is taken in the same order in a block of any size.</summary>
internal static unsafe class RootMeanSquareNorm
{
    private const float Epsilon = 1e-5f;

    // Inputs are dealt to this many partial sums in turn. A width is a multiple of it, since a head's is.
    private const int Partials = 4;

    /// <summary>Divides each row by the root of its mean square and multiplies by the weights.</summary>
    /// <param name="x">For every input the rows side by side.</param>
    /// <param name="weights">A weight an input.</param>
    /// <param name="width">Inputs.</param>
    /// <param name="rows">1, 2, 4 or 8.</param>
    /// <param name="result">Laid out as <paramref name="x"/>.</param>
    public static void Apply(float* x, float* weights, int width, int rows, float* result)
    {
        var partial = stackalloc float[Partials * Kernels.Panel.MaximumRows];
        SumSquares(x, width, rows, partial);
        var inverse = stackalloc float[Kernels.Panel.MaximumRows];
        for (var row = 0; row < rows; row++)
        {
            var sum = partial[row] + partial[rows + row] + (partial[(2 * rows) + row] + partial[(3 * rows) + row]);
            inverse[row] = 1 / MathF.Sqrt((sum / width) + Epsilon);
        }

        if (rows == 8)
        {
            var factors = Vector256.Load(inverse);
            for (var i = 0; i < width; i++)
                (Vector256.Load(x + (i * 8L)) * factors * weights[i]).Store(result + (i * 8L));
        }
        else
        {
            for (var i = 0; i < width; i++)
            {
                for (var row = 0; row < rows; row++)
                    result[(i * rows) + row] = x[(i * rows) + row] * inverse[row] * weights[i];
            }
        }
    }

    private static void SumSquares(float* x, int width, int rows, float* partial)
    {
        var period = Partials * rows;
        for (var lane = 0; lane < period; lane += 4)
        {
            var sum = Vector128<float>.Zero;
            for (var at = lane; at < width * rows; at += period)
            {
                var v = Vector128.Load(x + at);
                sum += v * v;
            }
            sum.Store(partial + lane);
        }
    }
}
