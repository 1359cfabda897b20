using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hita.Metrics;

/// <summary>Float64 numbers to and from tensors on the CPU.</summary>
internal static class Doubles
{
    /// <summary>A float64 tensor with a copy of the values.</summary>
    public static Tensor ToTensor(ReadOnlySpan<double> values, params long[] shape)
    {
        var tensor = empty(shape, dtype: ScalarType.Float64);
        values.CopyTo(MemoryMarshal.Cast<byte, double>(tensor.bytes));
        GC.KeepAlive(tensor);
        return tensor;
    }

    /// <summary>The values of a tensor of any floating type in row-major order.</summary>
    public static double[] ToArray(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var plain = tensor.to(ScalarType.Float64).cpu().contiguous();
        var values = MemoryMarshal.Cast<byte, double>(plain.bytes).ToArray();
        GC.KeepAlive(plain);
        return values;
    }
}
