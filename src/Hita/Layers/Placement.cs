using Hita.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hita.Layers;

/// <summary>Where a module's parameters live and in which type; handed down when a model is built.</summary>
/// <remarks>Parameters are created in place, never moved later: moving would replace them behind an optimiser's back.</remarks>
/// <param name="Device">The device.</param>
/// <param name="Type">The type of the parameters.</param>
internal sealed record Placement(Device Device, ScalarType Type = ScalarType.Float32)
{
    /// <summary>
    /// Whether convolutions and their images keep channels as the fastest dimension; otherwise they are laid out as the
    /// framework does by itself, for comparison. Default true.
    /// </summary>
    public bool ChannelsLast { get; init; } = true;

    /// <summary>
    /// Whether group normalisation takes this library's kernel where that suits the values; otherwise it is the framework's, for
    /// comparison. Default true.
    /// </summary>
    public bool FusedNorm { get; init; } = true;

    /// <summary>
    /// Whether large linear layers without gradients take the kernel that was measured to be fastest here; otherwise they are the
    /// framework's. Default false: what images are decoded or sampled by has the same bits on every processor of a kind. Layers with
    /// gradients always take the kernel that was measured for training.
    /// </summary>
    public bool MeasuredLinear { get; init; }

    /// <summary>float32 on the CPU.</summary>
    public static Placement Cpu => Usual(static () => Known.Cpu);

    /// <summary>Resolves a device's name and a precision.</summary>
    /// <exception cref="HitaException">There is no such device, or the precision is not for the tensor library.</exception>
    public static Placement For(string device, Precision precision) => new(Compute.Device(device), precision switch
    {
        Precision.Float32 => ScalarType.Float32,
        Precision.BFloat16 => ScalarType.BFloat16,
        _ => throw new HitaException($"The tensor library runs in float32 or bfloat16, not in {precision}; int8 is for the generator's CPU engine."),
    });

    /// <summary>Shapes without memory, for counting.</summary>
    public static Placement Meta => Usual(static () => Known.Meta);

    /// <summary>A parameter whose values are undefined until they are loaded or initialised.</summary>
    public Parameter NewParameter(params long[] shape) => Own(empty(shape, dtype: Type, device: Device));

    /// <summary>A parameter for a convolution, with channels as the fastest dimension in memory.</summary>
    /// <remarks>The convolution kernels of this library run up to a third faster on channels-last weights and images.</remarks>
    public Parameter NewConvolution(long output, long input, long kernel)
    {
        if (!ChannelsLast)
            return NewParameter(output, input, kernel, kernel);
        using var stored = empty([output, kernel, kernel, input], dtype: Type, device: Device);
        return Own(stored.permute(0, 3, 1, 2));
    }

    // Whoever builds a model comes through here first: a missing library is told about before a type initializer hides it.
    private static Placement Usual(Func<Placement> known)
    {
        TorchLibrary.Load();
        return known();
    }

    private static class Known
    {
        public static readonly Placement Cpu = new(CPU);
        public static readonly Placement Meta = new(META);
    }

    // A scope that happens to be open while a model is built must not take its parameters along.
    private static Parameter Own(Tensor tensor)
    {
        var parameter = new Parameter(tensor.DetachFromDisposeScope(), requires_grad: true);
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
