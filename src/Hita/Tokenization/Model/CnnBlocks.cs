using Hita.Layers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

// B batch, C channels, H W height and width of the feature map.

/// <summary>Two normalised 3×3 convolutions beside the identity, or beside a 1×1 convolution where the channels change.</summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")] private readonly GroupNorm _norm1;
    [ComponentName(Name = "conv1")] private readonly Conv2d _conv1;
    [ComponentName(Name = "norm2")] private readonly GroupNorm _norm2;
    [ComponentName(Name = "conv2")] private readonly Conv2d _conv2;
    [ComponentName(Name = "nin_shortcut")] private readonly Conv2d? _shortcut;

    public ResidualBlock(long input, long output, int groups, Placement placement)
        : base(nameof(ResidualBlock))
    {
        _norm1 = new GroupNorm(input, groups, placement);
        _conv1 = new Conv2d(input, output, 3, placement, padding: 1);
        _norm2 = new GroupNorm(output, groups, placement);
        _conv2 = new Conv2d(output, output, 3, placement, padding: 1);
        _shortcut = input == output ? null : new Conv2d(input, output, 1, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = _conv1.call(_norm1.Swish(x)); // [B, C', H, W]
        y = _conv2.call(_norm2.Swish(y));
        return (_shortcut is null ? x : _shortcut.call(x)).PlusOwn(y).MoveToOuterDisposeScope();
    }
}

/// <summary>Single-head attention over all positions of a feature map.</summary>
internal sealed class SpatialAttention : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm")] private readonly GroupNorm _norm;
    [ComponentName(Name = "q")] private readonly Conv2d _q;
    [ComponentName(Name = "k")] private readonly Conv2d _k;
    [ComponentName(Name = "v")] private readonly Conv2d _v;
    [ComponentName(Name = "proj_out")] private readonly Conv2d _out;

    public SpatialAttention(long channels, int groups, Placement placement)
        : base(nameof(SpatialAttention))
    {
        _norm = new GroupNorm(channels, groups, placement);
        _q = new Conv2d(channels, channels, 1, placement);
        _k = new Conv2d(channels, channels, 1, placement);
        _v = new Conv2d(channels, channels, 1, placement);
        _out = new Conv2d(channels, channels, 1, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = _norm.call(x);
        y = Attention.Attend(_q.call(y).ToSequence(), _k.call(y).ToSequence(), _v.call(y).ToSequence(), heads: 1); // [B, H·W, C]
        return x.PlusOwn(_out.call(y.ToGrid(x.size(2), x.size(3)))).MoveToOuterDisposeScope();
    }
}

/// <summary>Halves both sides: a row and a column of zeros at the far ends, then a 3×3 convolution of stride 2.</summary>
internal sealed class Downsample : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv")] private readonly Conv2d _conv;

    public Downsample(long channels, Placement placement)
        : base(nameof(Downsample))
    {
        _conv = new Conv2d(channels, channels, 3, placement, stride: 2);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _conv.call(nn.functional.pad(x, (0, 1, 0, 1))).MoveToOuterDisposeScope();
    }
}

/// <summary>Doubles both sides: each value four times, then a 3×3 convolution.</summary>
internal sealed class Upsample : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv")] private readonly Conv2d _conv;

    public Upsample(long channels, Placement placement)
        : base(nameof(Upsample))
    {
        _conv = new Conv2d(channels, channels, 3, placement, padding: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var doubled = nn.functional.interpolate(x, size: [2 * x.size(2), 2 * x.size(3)], mode: InterpolationMode.Nearest);
        return _conv.call(doubled).MoveToOuterDisposeScope();
    }
}

/// <summary>One resolution of the CNN: residual blocks, attention at the coarsest, and a change of resolution where one follows.</summary>
internal sealed class CnnLevel : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "res")] private readonly TorchSharp.Modules.ModuleList<ResidualBlock> _residual;
    [ComponentName(Name = "attn")] private readonly TorchSharp.Modules.ModuleList<SpatialAttention> _attention;
    [ComponentName(Name = "downsample")] private readonly Downsample? _downsample;
    [ComponentName(Name = "upsample")] private readonly Upsample? _upsample;

    public CnnLevel(long input, long output, int blocks, int groups, bool attention, bool down, bool up, Placement placement)
        : base(nameof(CnnLevel))
    {
        _residual = [];
        _attention = [];
        for (var i = 0; i < blocks; i++)
        {
            _residual.Add(new ResidualBlock(i == 0 ? input : output, output, groups, placement));
            if (attention)
                _attention.Add(new SpatialAttention(output, groups, placement));
        }
        _downsample = down ? new Downsample(output, placement) : null;
        _upsample = up ? new Upsample(output, placement) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        for (var i = 0; i < _residual.Count; i++)
        {
            var y = _residual[i].call(x);
            x = _attention.Count > 0 ? _attention[i].call(y) : y;
        }
        x = _downsample?.call(x) ?? x;
        x = _upsample?.call(x) ?? x;
        return x.MoveToOuterDisposeScope();
    }
}

/// <summary>The middle of the CNN, at the coarsest resolution: residual, attention, residual.</summary>
internal static class CnnMiddle
{
    public static TorchSharp.Modules.ModuleList<nn.Module<Tensor, Tensor>> Create(long channels, int groups, Placement placement) =>
        new(
            new ResidualBlock(channels, channels, groups, placement),
            new SpatialAttention(channels, groups, placement),
            new ResidualBlock(channels, channels, groups, placement));

    public static Tensor Run(TorchSharp.Modules.ModuleList<nn.Module<Tensor, Tensor>> middle, Tensor x)
    {
        using var scope = NewDisposeScope();
        foreach (var block in middle)
            x = block.call(x);
        return x.MoveToOuterDisposeScope();
    }
}
