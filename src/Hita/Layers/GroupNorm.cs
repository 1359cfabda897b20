using System.Runtime.InteropServices;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Layers;

// B batch, C channels, H W height and width.

/// <summary>Group normalisation, followed by swish where asked.</summary>
internal sealed class GroupNorm : nn.Module<Tensor, Tensor>
{
    public const double Eps = 1e-6;
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    private readonly int _groups;
    private readonly bool _fused;

    public GroupNorm(long channels, int groups, Placement placement)
        : base(nameof(GroupNorm))
    {
        _groups = groups;
        _fused = placement.FusedNorm;
        _weight = placement.NewParameter(channels);
        _bias = placement.NewParameter(channels);
        RegisterComponents();
    }

    /// <summary>[B, C, H, W] → [B, C, H, W], normalised.</summary>
    public override Tensor forward(Tensor x) => Apply(x, swish: false);

    /// <summary>[B, C, H, W] → [B, C, H, W], normalised, then x·σ(x).</summary>
    public Tensor Swish(Tensor x) => Apply(x, swish: true);

    private Tensor Apply(Tensor x, bool swish)
    {
        using var scope = NewDisposeScope();
        if (_fused && ChannelsLastGroupNorm.Suits(x, _weight, _bias))
            return ChannelsLastGroupNorm.Apply(x, _weight, _bias, _groups, swish).MoveToOuterDisposeScope();
        var normal = nn.functional.group_norm(x, _groups, _weight, _bias, Eps);
        return (swish ? nn.functional.silu(normal) : normal).MoveToOuterDisposeScope();
    }
}

/// <summary>Runs <see cref="GroupNormKernel"/> on tensors, also where their gradients are wanted.</summary>
internal sealed class ChannelsLastGroupNorm : autograd.SingleTensorFunction<ChannelsLastGroupNorm>
{
    public override string Name => nameof(ChannelsLastGroupNorm);

    /// <summary>
    /// Whether the kernel takes such values: float32, or bfloat16 without gradients, on the CPU, channels fastest, fewer than 2²⁹ of them.
    /// </summary>
    public static bool Suits(Tensor x, Tensor weight, Tensor bias) =>
        x.Dimensions == 4 && x.dtype == weight.dtype
        && (x.dtype == ScalarType.Float32 || (x.dtype == ScalarType.BFloat16 && !WantsGradients(x, weight, bias)))
        && x.device_type == TorchSharp.DeviceType.CPU && x.numel() is > 0 and <= int.MaxValue / sizeof(float)
        && x.size(1) % GroupNormKernel.Block == 0 && x.size(1) <= 4096 && IsChannelsLast(x);

    /// <summary>[B, C, H, W] → [B, C, H, W], channels fastest.</summary>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor bias, int groups, bool swish) =>
        WantsGradients(x, weight, bias) ? apply(x, weight, bias, groups, swish) : Normalize(x, weight, bias, groups, swish).Result;

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, weight, bias, groups, swish) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (int)vars[3], (bool)vars[4]);
        var (result, statistics) = Normalize(x, weight, bias, groups, swish);
        ctx.save_for_backward([x, weight, bias, statistics]);
        ctx.save_data("swish", swish);
        return result;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var saved = ctx.get_saved_variables();
        var (dx, dWeight, dBias) = Gradients(saved[0], grad_output, saved[1], saved[2], saved[3], (bool)ctx.get_data("swish"));
        return [dx, dWeight, dBias, null!, null!];
    }

    private static bool WantsGradients(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            if (is_grad_enabled() && tensor.requires_grad)
                return true;
        }
        return false;
    }

    private static (Tensor Result, Tensor Statistics) Normalize(Tensor x, Tensor weight, Tensor bias, int groups, bool swish)
    {
        if (x.dtype == ScalarType.Float32)
            return Normalize<float>(x, weight, bias, groups, swish);
        using var scope = NewDisposeScope();
        // Held by the scope while the kernel reads them.
        var (result, statistics) = Normalize<ushort>(x, weight.to(ScalarType.Float32), bias.to(ScalarType.Float32), groups, swish);
        return (result.MoveToOuterDisposeScope(), statistics.MoveToOuterDisposeScope());
    }

    private static unsafe (Tensor Result, Tensor Statistics) Normalize<T>(Tensor x, Tensor weight, Tensor bias, int groups, bool swish)
        where T : unmanaged
    {
        var (batch, kernel, size, channels) = Describe(x, groups, swish);
        var result = empty_like(x.permute(0, 2, 3, 1), dtype: x.dtype);
        var statistics = empty([2, batch, groups], dtype: ScalarType.Float32);
        fixed (T* source = Values<T>(x.permute(0, 2, 3, 1)), target = Values<T>(result))
        fixed (float* w = Values<float>(weight), b = Values<float>(bias), s = Values<float>(statistics))
        {
            var (from, to, factor, offset, mean) = ((nint)source, (nint)target, (nint)w, (nint)b, (nint)s);
            Spread(batch, channels, kernel.Share, (i, first, end) => kernel.Forward(
                first, end, (T*)from + (i * size), (T*)to + (i * size), (float*)factor, (float*)offset,
                (float*)mean + (i * groups), (float*)mean + ((batch + i) * groups)));
        }
        return (result.permute(0, 3, 1, 2), statistics);
    }

    private static unsafe (Tensor X, Tensor Weight, Tensor Bias) Gradients(
        Tensor x, Tensor gradient, Tensor weight, Tensor bias, Tensor statistics, bool swish)
    {
        var groups = (int)statistics.size(2);
        var (batch, kernel, size, channels) = Describe(x, groups, swish);
        var dx = empty_like(x.permute(0, 2, 3, 1), dtype: ScalarType.Float32);
        var parts = new double[2 * batch * channels];
        fixed (float* source = Values<float>(x.permute(0, 2, 3, 1)), above = Values<float>(gradient.permute(0, 2, 3, 1).contiguous()), target = Values<float>(dx))
        fixed (float* w = Values<float>(weight), b = Values<float>(bias), s = Values<float>(statistics))
        fixed (double* sums = parts)
        {
            var (from, dy, to) = ((nint)source, (nint)above, (nint)target);
            var (factor, offset, mean, sum) = ((nint)w, (nint)b, (nint)s, (nint)sums);
            Spread(batch, channels, kernel.Share, (i, first, end) => kernel.Backward(
                first, end, (float*)from + (i * size), (float*)dy + (i * size), (float*)factor, (float*)offset,
                (float*)mean + (i * groups), (float*)mean + ((batch + i) * groups),
                (float*)to + (i * size), (double*)sum + (i * channels), (double*)sum + ((batch + i) * channels)));
        }
        return (dx.permute(0, 3, 1, 2), Added(parts.AsSpan(0, batch * channels), channels), Added(parts.AsSpan(batch * channels), channels));
    }

    private static (int Batch, GroupNormKernel Kernel, int Size, int Channels) Describe(Tensor x, int groups, bool swish)
    {
        int batch = (int)x.size(0), channels = (int)x.size(1), positions = (int)(x.size(2) * x.size(3));
        return (batch, new GroupNormKernel(positions, channels, groups, GroupNorm.Eps, swish), positions * channels, channels);
    }

    private static Tensor Added(ReadOnlySpan<double> parts, int channels)
    {
        var sums = new float[channels];
        for (var c = 0; c < channels; c++)
        {
            var sum = 0.0;
            for (var i = c; i < parts.Length; i += channels)
                sum += parts[i];
            sums[c] = (float)sum;
        }
        return TensorOps.FromFloats(sums, channels);
    }

    private static Span<T> Values<T>(Tensor tensor)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.bytes);

    // As many equal shares as threads: whole images where there are enough, else parts of their channels.
    private static void Spread(int batch, int channels, int share, Action<int, int, int> work)
    {
        var threads = get_num_threads();
        var parts = batch >= threads ? 1 : Math.Min(channels / share, (threads + batch - 1) / batch);
        TorchThreads.Run(batch * parts, unit =>
        {
            var (image, part) = Math.DivRem(unit, parts);
            work(image, channels / share * part / parts * share, channels / share * (part + 1) / parts * share);
        });
    }

    private static bool IsChannelsLast(Tensor x)
    {
        var (channels, height, width) = (x.size(1), x.size(2), x.size(3));
        var strides = x.stride();
        return strides[1] == 1 && strides[3] == channels && strides[2] == channels * width && strides[0] == channels * width * height;
    }
}
