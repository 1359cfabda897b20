using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>The weight of a convolution without bias.</summary>
internal sealed class ConvWeight : nn.Module
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;

    public ConvWeight(long input, long output, long height, long width, Placement placement)
        : base(nameof(ConvWeight))
    {
        using (NewDisposeScope())
        {
            var stored = empty([output, height, width, input], dtype: placement.Type, device: placement.Device).permute(0, 3, 1, 2);
            _weight = new Parameter(stored.DetachFromDisposeScope(), requires_grad: false);
        }
        RegisterComponents();
    }

    public Tensor Weight => _weight;
}

/// <summary>The four vectors of a batch normalisation, which here only scales and shifts.</summary>
internal sealed class NormVectors : nn.Module
{
    private const double Eps = 0.001;
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    [ComponentName(Name = "running_mean")] private readonly Parameter _mean;
    [ComponentName(Name = "running_var")] private readonly Parameter _variance;

    public NormVectors(long channels, Placement placement)
        : base(nameof(NormVectors))
    {
        Parameter New() => new(empty([channels], dtype: placement.Type, device: placement.Device), requires_grad: false);
        (_weight, _bias, _mean, _variance) = (New(), New(), New(), New());
        RegisterComponents();
    }

    /// <summary>The factor and the addend that the normalisation comes to, computed in float64.</summary>
    public (Tensor Scale, Tensor Shift) ToScaleAndShift()
    {
        var scale = _weight.to(ScalarType.Float64).Over(_variance.to(ScalarType.Float64).Plus(Eps).sqrt());
        return (scale, _bias.to(ScalarType.Float64).Minus(_mean.to(ScalarType.Float64).Times(scale)));
    }
}

/// <summary>A convolution, a batch normalisation and a ReLU, computed as one convolution with bias and a ReLU.</summary>
internal sealed class InceptionConv : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv")] private readonly ConvWeight _conv;
    [ComponentName(Name = "bn")] private readonly NormVectors _norm;
    private readonly long[] _stride;
    private readonly long[] _padding;
    private readonly Folded _folded = new();

    public InceptionConv(long input, long output, Kernel kernel, Placement placement)
        : base(nameof(InceptionConv))
    {
        _conv = new ConvWeight(input, output, kernel.Height, kernel.Width, placement);
        _norm = new NormVectors(output, placement);
        _stride = [kernel.Stride, kernel.Stride];
        _padding = [kernel.PaddingHeight, kernel.PaddingWidth];
        RegisterComponents();
    }

    /// <summary>Joins the normalisation with the weight; must be called once the parameters have their values.</summary>
    public void Fold()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var (scale, shift) = _norm.ToScaleAndShift();
        var weight = _conv.Weight.to(ScalarType.Float64).Times(scale.view(-1, 1, 1, 1)).to(_conv.Weight.dtype).ToChannelsLast();
        _folded.Set(weight.DetachFromDisposeScope(), shift.to(weight.dtype).DetachFromDisposeScope());
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = nn.functional.conv2d(x, _folded.Weight, _folded.Bias, _stride, _padding);
        return y.relu_().MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _folded.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Holds tensors that are derived from the parameters, out of sight of the registration of components.</summary>
    private sealed class Folded : IDisposable
    {
        private Tensor? _weight;
        private Tensor? _bias;

        public Tensor Weight => _weight ?? throw new InvalidOperationException("The normalisation has not been folded into the weights.");

        public Tensor Bias => _bias!;

        public void Set(Tensor weight, Tensor bias)
        {
            Dispose();
            (_weight, _bias) = (weight, bias);
        }

        public void Dispose()
        {
            _weight?.Dispose();
            _bias?.Dispose();
        }
    }
}

/// <summary>The window of a convolution in pixels.</summary>
internal readonly record struct Kernel(int Height, int Width, int Stride = 1, int PaddingHeight = 0, int PaddingWidth = 0)
{
    public static Kernel One => new(1, 1);

    /// <summary>A square window whose result has the size of its input.</summary>
    public static Kernel Same(int side) => new(side, side, 1, side / 2, side / 2);

    /// <summary>A window of one row whose result has the size of its input.</summary>
    public static Kernel Wide(int width) => new(1, width, 1, 0, width / 2);

    /// <summary>A window of one column whose result has the size of its input.</summary>
    public static Kernel Tall(int height) => new(height, 1, 1, height / 2, 0);

    /// <summary>A 3×3 window without padding.</summary>
    public static Kernel Valid(int stride = 1) => new(3, 3, stride);
}
