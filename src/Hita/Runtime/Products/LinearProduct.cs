using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Runtime.Products;

/// <summary>y = x Wᵀ + b on the last dimension by the kernel that <see cref="LinearChoice"/> names.</summary>
internal static class LinearProduct
{
    /// <summary>Smaller matrices are left to the library: they take no time that matters.</summary>
    public const long MinWeights = 1 << 18;

    /// <summary>For fewer rows the weights are not worth being packed.</summary>
    public const long MinRows = 16;

    [ThreadStatic]
    private static int _trainingScopes;

    /// <summary>
    /// Until disposed, layers on this thread take training's kernel although no gradients are recorded: a pass that is computed again with
    /// gradients has the same bits then.
    /// </summary>
    public static IDisposable AsInTraining() => new TrainingScope();

    /// <summary>
    /// Multiplies. Where gradients are wanted, the kernel that was measured for all three products computes them, too. What is small or is
    /// not on the CPU, the library does.
    /// </summary>
    /// <param name="x">[..., inputs].</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs]; null for none.</param>
    /// <param name="measured">Whether what is not trained may take a measured kernel.</param>
    /// <returns>[..., outputs].</returns>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, bool measured)
    {
        var use = _trainingScopes > 0 || HasGradients(x, weight, bias) ? LinearUse.Training : LinearUse.Inference;
        var chosen = (measured || use == LinearUse.Training) && Suits(x, weight);
        return Apply(chosen ? LinearChoice.For(x.dtype, use) : LinearKernel.Library, x, weight, bias);
    }

    /// <summary>Multiplies by a certain kernel, which has to suit. The packed kernel computes no gradients.</summary>
    public static Tensor Apply(LinearKernel kernel, Tensor x, Tensor weight, Tensor? bias) => kernel switch
    {
        LinearKernel.Convolution => Convolve(x, weight, bias),
        LinearKernel.Packed when x.dtype == ScalarType.Float32 && !HasGradients(x, weight, bias) => Pack(x, weight, bias),
        _ => nn.functional.linear(x, weight, bias),
    };

    private static bool Suits(Tensor x, Tensor weight)
    {
        if (x.device_type != DeviceType.CPU || x.dtype != weight.dtype || x.dtype is not (ScalarType.Float32 or ScalarType.BFloat16) ||
            weight.numel() is < MinWeights or > int.MaxValue / sizeof(float) || x.numel() > int.MaxValue / sizeof(float))
        {
            return false;
        }
        var (inputs, outputs) = (weight.size(1), weight.size(0));
        var rows = x.numel() / inputs;
        return x.size(-1) == inputs && rows >= MinRows && rows * outputs <= int.MaxValue / sizeof(float) &&
            weight.is_contiguous() && !Autocast.IsOn(CPU);
    }

    private static bool HasGradients(Tensor x, Tensor weight, Tensor? bias) =>
        is_grad_enabled() && (x.requires_grad || weight.requires_grad || bias is { requires_grad: true });

    // Rows are the pixels of an image whose channels lie side by side.
    private static Tensor Convolve(Tensor x, Tensor weight, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var (inputs, outputs) = (weight.size(1), weight.size(0));
        var image = x.reshape(1, -1, 1, inputs).permute(0, 3, 1, 2); // [1, inputs, rows, 1]
        var y = nn.functional.conv2d(image, weight.view(outputs, inputs, 1, 1), bias);
        return y.permute(0, 2, 3, 1).reshape(Shape(x, outputs)).MoveToOuterDisposeScope();
    }

    private static unsafe Tensor Pack(Tensor x, Tensor weight, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var (inputs, outputs) = ((int)weight.size(1), (int)weight.size(0));
        var rows = x.contiguous();
        var y = empty(Shape(x, outputs), dtype: ScalarType.Float32);
        fixed (float* from = Values(rows), w = Values(weight), b = bias is null ? default : Values(bias), to = Values(y))
            PackedProduct.Multiply(from, w, b, to, (int)(x.numel() / inputs), inputs, outputs);
        return y.MoveToOuterDisposeScope();
    }

    private static long[] Shape(Tensor x, long outputs) => [.. x.shape[..^1], outputs];

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private sealed class TrainingScope : IDisposable
    {
        private bool _disposed;

        public TrainingScope() => _trainingScopes++;

        public void Dispose()
        {
            if (!_disposed)
                _trainingScopes--;
            _disposed = true;
        }
    }
}
