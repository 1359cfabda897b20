using Hita.Imaging;
using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Utils;
using static TorchSharp.torch;
using ModuleList = TorchSharp.Modules.ModuleList<Hita.Evaluation.Classification.ClassifierBlock>;
using Parameter = TorchSharp.Modules.Parameter;

namespace Hita.Evaluation.Classification;

// B batch, C channels, H W sides of a feature map.

/// <summary>A small residual network for images of 64 pixels: three levels of two blocks.</summary>
internal sealed class ClassifierModel : nn.Module<Tensor, Tensor>
{
    private static readonly long[] Widths = [32, 64, 128];

    [ComponentName(Name = "stem")] private readonly Conv2d _stem;
    [ComponentName(Name = "blocks")] private readonly ModuleList _blocks;
    [ComponentName(Name = "norm")] private readonly ChannelNorm _norm;
    [ComponentName(Name = "head")] private readonly Linear _head;

    public ClassifierModel(int classCount, Placement placement)
        : base(nameof(ClassifierModel))
    {
        _stem = new Conv2d(Image.Channels, Widths[0], 3, placement, stride: 2, padding: 1);
        var blocks = new List<ClassifierBlock>();
        for (var level = 0; level < Widths.Length; level++)
        {
            if (level > 0)
                blocks.Add(new ClassifierBlock(Widths[level - 1], Widths[level], placement));
            blocks.Add(new ClassifierBlock(Widths[level], Widths[level], placement));
        }
        _blocks = new ModuleList([.. blocks]);
        _norm = new ChannelNorm(Widths[^1], placement);
        _head = new Linear(Widths[^1], classCount, hasBias: true, placement);
        RegisterComponents();
    }

    /// <summary>Numbers of the vector before the last layer.</summary>
    public static int FeatureWidth => (int)Widths[^1];

    /// <summary>[B, 3, 64, 64] in [-1, 1] → [B, 128].</summary>
    public Tensor Features(Tensor images)
    {
        using var scope = NewDisposeScope();
        var x = _stem.call(images); // [B, 32, 32, 32]
        foreach (var block in _blocks)
            x = block.call(x); // … [B, 128, 8, 8]
        return nn.functional.silu(_norm.call(x)).mean([2, 3]).MoveToOuterDisposeScope();
    }

    /// <summary>[B, 128] → [B, classes].</summary>
    public Tensor Logits(Tensor features) => _head.call(features);

    /// <summary>[B, 3, 64, 64] in [-1, 1] → [B, classes].</summary>
    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Logits(Features(images)).MoveToOuterDisposeScope();
    }
}

/// <summary>A residual block; where the channels grow, the sides are halved.</summary>
internal sealed class ClassifierBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")] private readonly ChannelNorm _norm1;
    [ComponentName(Name = "conv1")] private readonly Conv2d _conv1;
    [ComponentName(Name = "norm2")] private readonly ChannelNorm _norm2;
    [ComponentName(Name = "conv2")] private readonly Conv2d _conv2;
    [ComponentName(Name = "skip")] private readonly Conv2d? _skip;

    public ClassifierBlock(long input, long output, Placement placement)
        : base(nameof(ClassifierBlock))
    {
        var grows = input != output;
        _norm1 = new ChannelNorm(input, placement);
        _conv1 = new Conv2d(input, output, 3, placement, stride: grows ? 2 : 1, padding: 1);
        _norm2 = new ChannelNorm(output, placement);
        _conv2 = new Conv2d(output, output, 3, placement, padding: 1);
        _skip = grows ? new Conv2d(input, output, 1, placement, stride: 2) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var inner = nn.functional.silu(_norm1.call(x));
        var change = _conv2.call(nn.functional.silu(_norm2.call(_conv1.call(inner))));
        var straight = _skip is null ? x : _skip.call(inner);
        return straight.Plus(change).MoveToOuterDisposeScope();
    }
}

/// <summary>Normalises groups of eight channels, so that the result of an image does not depend on others in the batch.</summary>
internal sealed class ChannelNorm : nn.Module<Tensor, Tensor>
{
    private const long GroupWidth = 8;
    private const double Eps = 1e-5;
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    private readonly long _groups;

    public ChannelNorm(long channels, Placement placement)
        : base(nameof(ChannelNorm))
    {
        _weight = placement.NewParameter(channels);
        _bias = placement.NewParameter(channels);
        _groups = channels / GroupWidth;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        // The backward pass over channels-last maps is many times slower on a CPU than over plain ones: copies are cheap.
        var plain = x.requires_grad ? x.contiguous() : x;
        return nn.functional.group_norm(plain, _groups, _weight, _bias, Eps).MoveToOuterDisposeScope();
    }
}
