using Hita.Runtime;
using Hita.Runtime.Products;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Layers;

/// <summary>y = x Wᵀ + b on the last dimension.</summary>
internal sealed class Linear : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter? _bias;
    private readonly bool _measured;

    public Linear(long input, long output, bool hasBias, Placement placement)
        : base(nameof(Linear))
    {
        _weight = placement.NewParameter(output, input);
        _bias = hasBias ? placement.NewParameter(output) : null;
        _measured = placement.MeasuredLinear;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => LinearProduct.Apply(x, _weight, _bias, _measured);
}

/// <summary>A two-dimensional convolution with a square kernel, in the layout that the placement asks for.</summary>
internal sealed class Conv2d : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    private readonly long[] _stride;
    private readonly long[] _padding;
    private readonly bool _channelsLast;

    public Conv2d(long input, long output, long kernel, Placement placement, long stride = 1, long padding = 0)
        : base(nameof(Conv2d))
    {
        _weight = placement.NewConvolution(output, input, kernel);
        _bias = placement.NewParameter(output);
        _stride = [stride, stride];
        _padding = [padding, padding];
        _channelsLast = placement.ChannelsLast;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        // The library computes channels-last as soon as one of both is.
        if (_channelsLast)
            return nn.functional.conv2d(x, _weight, _bias, _stride, _padding);
        using var scope = NewDisposeScope();
        return nn.functional.conv2d(x.contiguous(), _weight, _bias, _stride, _padding).MoveToOuterDisposeScope();
    }
}

/// <summary>Layer normalisation of the last dimension.</summary>
internal sealed class LayerNorm : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    private readonly long[] _shape;
    private readonly double _eps;

    public LayerNorm(long width, Placement placement, double eps = 1e-5)
        : base(nameof(LayerNorm))
    {
        _weight = placement.NewParameter(width);
        _bias = placement.NewParameter(width);
        _shape = [width];
        _eps = eps;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => nn.functional.layer_norm(x, _shape, _weight, _bias, _eps);
}

/// <summary>Sums that may take the place of what is added.</summary>
internal static class OwnTensors
{
    /// <summary>x + y. Where nothing is recorded for gradients, y itself is overwritten.</summary>
    /// <param name="x">What is added.</param>
    /// <param name="y">A result that nobody else holds.</param>
    public static Tensor PlusOwn(this Tensor x, Tensor y)
    {
        if (is_grad_enabled())
            return x.Plus(y);
        y.AddInPlace(x);
        return y;
    }
}

/// <summary>Root-mean-square normalisation of the last dimension, computed in float32 and cast back before the weight.</summary>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    private const double Eps = 1e-5;
    [ComponentName(Name = "weight")] private readonly Parameter _weight;

    public RmsNorm(long width, Placement placement)
        : base(nameof(RmsNorm))
    {
        _weight = placement.NewParameter(width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        var scale = wide.Times(wide).mean([-1], keepdim: true).Plus(Eps).rsqrt();
        return wide.Times(scale).to(x.dtype).Times(_weight).MoveToOuterDisposeScope();
    }
}

/// <summary>A table of rows that are looked up by number.</summary>
internal sealed class Embedding : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;

    public Embedding(long count, long width, Placement placement)
        : base(nameof(Embedding))
    {
        _weight = placement.NewParameter(count, width);
        RegisterComponents();
    }

    /// <summary>The table [count, width].</summary>
    public Tensor Table => _weight;

    /// <summary>Rows for int64 numbers of any shape. The caller has checked their range.</summary>
    public override Tensor forward(Tensor numbers)
    {
        using var scope = NewDisposeScope();
        var shape = numbers.shape.Append(_weight.size(1)).ToArray();
        return _weight.index_select(0, numbers.reshape(-1)).view(shape).MoveToOuterDisposeScope();
    }
}
