using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>The bridge between the library's tensors and stored ones.</summary>
public static class TorchTensors
{
    // One span cannot be longer than 2^31 - 1 bytes.
    private const int PartBytes = 1 << 28;

    /// <summary>The stored type of a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="ArgumentException">Its type has no stored form.</exception>
    public static TensorType TypeOf(Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float64 => TensorType.Float64,
        ScalarType.Float32 => TensorType.Float32,
        ScalarType.Float16 => TensorType.Float16,
        ScalarType.BFloat16 => TensorType.BFloat16,
        ScalarType.Int64 => TensorType.Int64,
        ScalarType.Int32 => TensorType.Int32,
        ScalarType.Int16 => TensorType.Int16,
        ScalarType.Int8 => TensorType.Int8,
        ScalarType.Byte => TensorType.UInt8,
        ScalarType.Bool => TensorType.Bool,
        var other => throw new ArgumentException($"Tensors of type {other} cannot be stored.", nameof(tensor)),
    };

    /// <summary>What a file would say about a tensor.</summary>
    /// <param name="name">The name to store it under.</param>
    /// <param name="tensor">The tensor.</param>
    public static TensorEntry Describe(string name, Tensor tensor) => new(name, TypeOf(tensor), tensor.shape);

    /// <summary>Whether the tensor's bytes can be reached where they lie.</summary>
    internal static bool IsPlain(Tensor tensor) => tensor.device_type == DeviceType.CPU && tensor.is_contiguous();

    internal delegate void PartAction(long byteOffset, Span<byte> bytes);

    /// <summary>Visits the bytes of a contiguous tensor on the CPU in parts of whole elements.</summary>
    internal static void VisitBytes(Tensor plain, PartAction action)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var size = TypeOf(plain).Size();
        var count = plain.numel();
        var flat = plain.detach().view(count);
        var max = PartBytes / size;
        for (var at = 0L; at < count; at += max)
        {
            var part = flat.narrow(0, at, Math.Min(max, count - at));
            action(at * size, part.bytes);
            GC.KeepAlive(part);
        }
        GC.KeepAlive(plain);
    }
}
