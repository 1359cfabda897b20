using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Training.Discriminators;

// B batch, C channels, N positions.

/// <summary>A head on one read-out: a convolution, a residual one along the positions, and one to a logit.</summary>
internal sealed class DinoHead : nn.Module<Tensor, Tensor>
{
    private const long Kernel = 9;
    private static readonly double HalfPower = 1 / Math.Sqrt(2);
    [ComponentName(Name = "0")] private readonly ModuleList<nn.Module<Tensor, Tensor>> _first;
    [ComponentName(Name = "1")] private readonly ResidualPart _residual;
    [ComponentName(Name = "2")] private readonly SpectralConv1d _last;

    public DinoHead(long channels, Placement placement)
        : base(nameof(DinoHead))
    {
        _first = new ModuleList<nn.Module<Tensor, Tensor>>(
            new SpectralConv1d(channels, channels, 1, placement), new LocalBatchNorm(channels, placement), new LeakyRelu());
        _residual = new ResidualPart(channels, placement);
        _last = new SpectralConv1d(channels, 1, 1, placement);
        RegisterComponents();
    }

    /// <summary>[B, C, N] → [B, 1, N].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        foreach (var layer in _first)
            x = layer.call(x);
        return _last.call(_residual.call(x)).MoveToOuterDisposeScope();
    }

    private sealed class ResidualPart : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "fn")] private readonly ModuleList<nn.Module<Tensor, Tensor>> _layers;

        public ResidualPart(long channels, Placement placement)
            : base(nameof(ResidualPart))
        {
            _layers = new ModuleList<nn.Module<Tensor, Tensor>>(
                new SpectralConv1d(channels, channels, Kernel, placement), new LocalBatchNorm(channels, placement), new LeakyRelu());
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var y = x;
            foreach (var layer in _layers)
                y = layer.call(y);
            return x.Plus(y).Times(HalfPower).MoveToOuterDisposeScope();
        }
    }
}

/// <summary>A convolution along positions that wrap around, with its weight divided by its largest singular value.</summary>
internal sealed class SpectralConv1d : nn.Module<Tensor, Tensor>
{
    private const double Eps = 1e-12;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    [ComponentName(Name = "weight_orig")] private readonly Parameter _weight;
    [ComponentName(Name = "weight_u")] private readonly Tensor _left;
    [ComponentName(Name = "weight_v")] private readonly Tensor _right;
    private readonly long _kernel;

    public SpectralConv1d(long input, long output, long kernel, Placement placement)
        : base(nameof(SpectralConv1d))
    {
        _kernel = kernel;
        _bias = placement.NewParameter(output);
        _weight = placement.NewParameter(output, input, kernel);
        _left = ones([output], dtype: ScalarType.Float32, device: placement.Device).DetachFromDisposeScope();
        _right = ones([input * kernel], dtype: ScalarType.Float32, device: placement.Device).DetachFromDisposeScope();
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (_kernel > 1)
        {
            var half = _kernel / 2;
            x = cat([x.narrow(2, x.size(2) - half, half), x, x.narrow(2, 0, half)], 2);
        }
        return nn.functional.conv1d(x, Normalized(), _bias).MoveToOuterDisposeScope();
    }

    // One step of the power iteration a training pass. The pass keeps copies: later passes move the vectors before its gradient
    // is taken.
    private Tensor Normalized()
    {
        using var scope = NewDisposeScope();
        var matrix = _weight.view(_weight.size(0), -1); // [out, in · kernel]
        Tensor left, right;
        using (no_grad())
        {
            right = nn.functional.normalize(matrix.t().mv(_left), dim: 0, eps: Eps);
            left = nn.functional.normalize(matrix.mv(right), dim: 0, eps: Eps);
            _right.copy_(right);
            _left.copy_(left);
        }
        var largest = left.dot(matrix.mv(right));
        return _weight.Over(largest).MoveToOuterDisposeScope();
    }
}

/// <summary>Batch normalisation over groups of about eight consecutive samples, without running statistics.</summary>
internal sealed class LocalBatchNorm : nn.Module<Tensor, Tensor>
{
    private const long GroupSize = 8;
    private const double Eps = 1e-6;
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;

    public LocalBatchNorm(long channels, Placement placement)
        : base(nameof(LocalBatchNorm))
    {
        _weight = placement.NewParameter(channels);
        _bias = placement.NewParameter(channels);
        RegisterComponents();
    }

    /// <summary>[B, C, N] → [B, C, N].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var batch = x.size(0);
        var groups = (batch + GroupSize - 1) / GroupSize;
        var parts = new List<Tensor>();
        // Equal groups where their number divides the batch, else groups that differ by one sample.
        for (var g = 0L; g < groups; g++)
            parts.Add(Normalize(x.narrow(0, g * batch / groups, ((g + 1) * batch / groups) - (g * batch / groups))));
        var y = parts.Count == 1 ? parts[0] : cat(parts, 0);
        return y.Times(_weight.view(1, -1, 1)).Plus(_bias.view(1, -1, 1)).MoveToOuterDisposeScope();
    }

    private static Tensor Normalize(Tensor x)
    {
        var centred = x.Minus(x.mean([0L, 2L], keepdim: true));
        return centred.Times(centred.Squared().mean([0L, 2L], keepdim: true).Plus(Eps).rsqrt());
    }
}
