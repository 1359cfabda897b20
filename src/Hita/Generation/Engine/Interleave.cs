using System.Runtime.Intrinsics;
using Hita.Generation.Engine.Kernels;

namespace Hita.Generation.Engine;

/// <summary>From a kernel's tile, in which a row's outputs are neighbours, to activations, in which an output's rows are.</summary>
internal static unsafe class Interleave
{
    /// <summary>Writes outputs.</summary>
    /// <param name="tile">[rows, 32].</param>
    /// <param name="rows">1, 2, 4 or 8.</param>
    /// <param name="outputs">How many of the 32.</param>
    /// <param name="to">[outputs, rows].</param>
    public static void Copy(float* tile, int rows, int outputs, float* to)
    {
        var i = 0;
        if (rows == 8)
        {
            for (; i + 4 <= outputs; i += 4)
                Transpose(tile + i, to + (8 * i), add: false);
        }
        for (; i < outputs; i++)
        {
            for (var row = 0; row < rows; row++)
                to[(i * rows) + row] = tile[(row * Panel.Width) + i];
        }
    }

    /// <summary>Adds outputs to what is there.</summary>
    /// <inheritdoc cref="Copy"/>
    public static void Add(float* tile, int rows, int outputs, float* to)
    {
        var i = 0;
        if (rows == 8)
        {
            for (; i + 4 <= outputs; i += 4)
                Transpose(tile + i, to + (8 * i), add: true);
        }
        for (; i < outputs; i++)
        {
            for (var row = 0; row < rows; row++)
                to[(i * rows) + row] += tile[(row * Panel.Width) + i];
        }
    }

    // Four outputs of eight rows: two squares of four.
    private static void Transpose(float* from, float* to, bool add)
    {
        for (var half = 0; half < 2; half++)
        {
            var row = from + (4 * half * Panel.Width);
            var r0 = Vector128.Load(row);
            var r1 = Vector128.Load(row + Panel.Width);
            var r2 = Vector128.Load(row + (2 * Panel.Width));
            var r3 = Vector128.Load(row + (3 * Panel.Width));
            Put(Vector128.Create(r0[0], r1[0], r2[0], r3[0]), 0);
            Put(Vector128.Create(r0[1], r1[1], r2[1], r3[1]), 1);
            Put(Vector128.Create(r0[2], r1[2], r2[2], r3[2]), 2);
            Put(Vector128.Create(r0[3], r1[3], r2[3], r3[3]), 3);

            void Put(Vector128<float> values, int output)
            {
                var at = to + (8 * output) + (4 * half);
                (add ? Vector128.Load(at) + values : values).Store(at);
            }
        }
    }
}
