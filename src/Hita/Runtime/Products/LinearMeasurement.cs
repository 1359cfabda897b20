using System.Diagnostics;
using static TorchSharp.torch;

namespace Hita.Runtime.Products;

/// <summary>How fast the kernels of linear layers are here.</summary>
internal static class LinearMeasurement
{
    /// <summary>Rows: an image of a semantic encoder has some 250 tokens.</summary>
    public const int Rows = 256;

    /// <summary>Inputs and outputs: the layers are from 512 to 4096 wide.</summary>
    public const int Width = 1024;

    private const int Rounds = 10;

    /// <summary>Multiplies with each kernel in turn.</summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="type">float32 or bfloat16.</param>
    /// <param name="use">What is computed.</param>
    /// <returns>
    /// Operations a second of each, by one thread: of processor time, which what else the machine does lengthens less than time on
    /// the clock, and the best of several rounds.
    /// </returns>
    public static IReadOnlyDictionary<LinearKernel, double> Rates(IReadOnlyList<LinearKernel> kernels, ScalarType type, LinearUse use = LinearUse.Inference)
    {
        var training = use == LinearUse.Training;
        using var memory = MemoryReuse.Begin();
        // Not inference mode, in which no gradients can be had.
        using var recording = set_grad_enabled(training);
        using var scope = NewDisposeScope();
        var x = full([Rows, Width], TensorOps.Constant(0.5), dtype: type);
        var weight = full([Width, Width], TensorOps.Constant(0.25), dtype: type);
        var bias = full([Width], TensorOps.Constant(1.0), dtype: type);
        var above = full([Rows, Width], TensorOps.Constant(0.5), dtype: type);
        var wanted = training ? new[] { x.requires_grad_(true), weight.requires_grad_(true), bias.requires_grad_(true) } : [];
        var best = kernels.ToDictionary(static k => k, static _ => double.PositiveInfinity);
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var kernel in kernels)
            {
                using var inner = NewDisposeScope();
                var start = ProcessorTime();
                var y = LinearProduct.Apply(kernel, x, weight, bias);
                if (training)
                    autograd.backward([y], [above]);
                var seconds = ProcessorTime() - start;
                // The first round warms up.
                if (round > 0)
                    best[kernel] = Math.Min(best[kernel], Math.Max(seconds, 1e-6));
                foreach (var leaf in wanted)
                    leaf.grad = null;
            }
        }
        return best.ToDictionary(static b => b.Key, b => (training ? 6.0 : 2.0) * Rows * Width * Width / b.Value);
    }

    // Of all threads. Windows counts in steps that are too long; the clock is taken there.
    private static double ProcessorTime() => OperatingSystem.IsWindows()
        ? Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency * get_num_threads()
        : Environment.CpuUsage.TotalTime.TotalSeconds;
}
