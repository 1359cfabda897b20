using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Runtime;

/// <summary>
/// The forms in which model code adds, scales, multiplies and reads tensors.
/// </summary>
/// <remarks>
/// The tensor library's operators allocate hidden scalars that the garbage collector may free while the native call still
/// reads them, and its general matrix product ends the process on a wrong shape. The forms here pass scalars that live for
/// ever and check shapes first. A test keeps the dangerous forms out of the library's sources.
/// </remarks>
public static class TensorOps
{
    private static readonly ConcurrentDictionary<double, Scalar> FloatScalars = new();
    private static readonly ConcurrentDictionary<long, Scalar> IntegerScalars = new();
    private static readonly Scalar One = 1;

    /// <summary>A scalar with this value that is never freed. Meant for constants of the code, not for data.</summary>
    /// <param name="value">The value.</param>
    public static Scalar Constant(double value) => FloatScalars.GetOrAdd(value, static v => v.ToScalar());

    /// <inheritdoc cref="Constant(double)"/>
    public static Scalar Constant(long value) => IntegerScalars.GetOrAdd(value, static v => v.ToScalar());

    /// <summary>a + b, broadcast.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a + value.</summary>
    public static Tensor Plus(this Tensor a, double value) => a.add(Constant(value), One);

    /// <summary>a + factor · b, broadcast.</summary>
    public static Tensor PlusScaled(this Tensor a, Tensor b, double factor) => a.add(b, Constant(factor));

    /// <summary>a − b, broadcast.</summary>
    public static Tensor Minus(this Tensor a, Tensor b) => a.add(b, Constant(-1));

    /// <summary>a · b, element by element, broadcast.</summary>
    public static Tensor Times(this Tensor a, Tensor b) => a.mul(b);

    /// <summary>a · value.</summary>
    public static Tensor Times(this Tensor a, double value) => a.mul(Constant(value));

    /// <summary>a · a, element by element.</summary>
    public static Tensor Squared(this Tensor a) => a.mul(a);

    /// <summary>a / b, element by element, broadcast.</summary>
    public static Tensor Over(this Tensor a, Tensor b) => a.div(b);

    /// <summary>Adds b to a in place; a keeps its handle and nothing is returned, so that nothing can be disposed twice.</summary>
    public static void AddInPlace(this Tensor a, Tensor b) => a.add_(b, One);

    /// <summary>Multiplies a by value in place.</summary>
    public static void ScaleInPlace(this Tensor a, double value) => a.mul_(Constant(value));

    /// <summary>a limited to [low, high].</summary>
    public static Tensor Limit(this Tensor a, double low, double high) => a.clamp(Constant(low), Constant(high));

    /// <summary>Batched matrix product [B, N, K] × [B, K, M] → [B, N, M].</summary>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static Tensor BatchedProduct(this Tensor a, Tensor b)
    {
        if (a.Dimensions != 3 || b.Dimensions != 3 || a.size(0) != b.size(0) || a.size(2) != b.size(1))
            throw new ArgumentException($"The matrices [{string.Join(", ", a.shape)}] and [{string.Join(", ", b.shape)}] cannot be multiplied.");
        return a.bmm(b);
    }

    /// <summary>The values of a tensor of any layout, type and device as float32, in row-major order.</summary>
    public static float[] ToFloats(this Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var plain = tensor.detach().to(ScalarType.Float32).cpu().contiguous();
        return MemoryMarshal.Cast<byte, float>(plain.bytes).ToArray();
    }

    /// <summary>The values of an integer tensor of any layout and device, in row-major order.</summary>
    public static int[] ToInts(this Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var plain = tensor.detach().to(ScalarType.Int32).cpu().contiguous();
        return MemoryMarshal.Cast<byte, int>(plain.bytes).ToArray();
    }

    /// <summary>The value of a tensor with one element.</summary>
    /// <exception cref="ArgumentException">It has more or fewer.</exception>
    public static double ToDouble(this Tensor tensor)
    {
        if (tensor.numel() != 1)
            throw new ArgumentException($"A tensor of {tensor.numel()} elements is not one number.");
        using var scope = NewDisposeScope();
        return MemoryMarshal.Cast<byte, double>(tensor.detach().to(ScalarType.Float64).cpu().contiguous().bytes)[0];
    }

    /// <summary>A float32 tensor on the CPU with a copy of the values.</summary>
    /// <param name="values">Row-major values.</param>
    /// <param name="shape">The shape; its product is the number of values.</param>
    public static Tensor FromFloats(ReadOnlySpan<float> values, params long[] shape)
    {
        CheckCount(values.Length, shape);
        TorchLibrary.Load();
        var tensor = empty(shape, dtype: ScalarType.Float32);
        values.CopyTo(MemoryMarshal.Cast<byte, float>(tensor.bytes));
        return tensor;
    }

    /// <summary>An int64 tensor on the CPU with the values, for use as indices.</summary>
    /// <param name="values">Row-major values.</param>
    /// <param name="shape">The shape; its product is the number of values.</param>
    public static Tensor FromInts(ReadOnlySpan<int> values, params long[] shape)
    {
        CheckCount(values.Length, shape);
        TorchLibrary.Load();
        var tensor = empty(shape, dtype: ScalarType.Int64);
        var target = MemoryMarshal.Cast<byte, long>(tensor.bytes);
        for (var i = 0; i < values.Length; i++)
            target[i] = values[i];
        return tensor;
    }

    /// <summary>The shape as text, for messages: <c>[2, 3, 64, 64]</c>.</summary>
    public static string ShapeText(this Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";

    private static void CheckCount(int count, long[] shape)
    {
        var product = 1L;
        foreach (var side in shape)
            product *= side;
        if (product != count)
            throw new ArgumentException($"{count} values do not fill the shape [{string.Join(", ", shape)}].");
    }
}
