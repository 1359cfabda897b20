using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

// B batch, C channels, H W positions.

/// <summary>
/// The ResNet-18 of ML.NET's package, without a classifier: stages of 2, 2, 2 and 3 blocks. Its batch normalisations are folded
/// into the convolutions, and its input is red, green and blue.
/// </summary>
/// <remarks>
/// The graph pads convolutions of stride 2 more at the top and the left than at the bottom and the right; on even sides that
/// equals the same padding all round, because the last row and column of it are never reached.
/// </remarks>
internal sealed class ResNet18Network : nn.Module<Tensor, Tensor>
{
    /// <summary>Channels of the last feature map.</summary>
    public const int Width = 512;

    /// <summary>Side of the images that it was trained with, and of its mean image.</summary>
    public const int TrainedSize = 224;

    /// <summary>Blocks of each stage.</summary>
    public static readonly int[] Depths = [2, 2, 2, 3];

    /// <summary>Channels of each stage.</summary>
    public static readonly int[] Widths = [64, 128, 256, Width];

    [ComponentName(Name = "mean")] private readonly Parameter _mean;
    [ComponentName(Name = "conv1")] private readonly Layers.Conv2d _stem;
    [ComponentName(Name = "layer1")] private readonly ModuleList<ResNetBlock> _stage1;
    [ComponentName(Name = "layer2")] private readonly ModuleList<ResNetBlock> _stage2;
    [ComponentName(Name = "layer3")] private readonly ModuleList<ResNetBlock> _stage3;
    [ComponentName(Name = "layer4")] private readonly ModuleList<ResNetBlock> _stage4;

    public ResNet18Network(Placement placement)
        : base(nameof(ResNet18Network))
    {
        _mean = placement.NewParameter(3, TrainedSize, TrainedSize);
        _stem = new Layers.Conv2d(3, Widths[0], 7, placement, stride: 2, padding: 3);
        _stage1 = Stage(0);
        _stage2 = Stage(1);
        _stage3 = Stage(2);
        _stage4 = Stage(3);
        RegisterComponents();
        foreach (var parameter in parameters())
            parameter.requires_grad_(false);
        eval();

        ModuleList<ResNetBlock> Stage(int stage)
        {
            var blocks = new ModuleList<ResNetBlock>();
            for (var i = 0; i < Depths[stage]; i++)
                blocks.Add(new ResNetBlock(i == 0 ? Widths[Math.Max(stage - 1, 0)] : Widths[stage], Widths[stage], i == 0 && stage > 0, placement));
            return blocks;
        }
    }

    /// <summary>Images as the network takes them: in 0 … 255, less the mean image, which is resized where theirs is another size.</summary>
    /// <param name="image">[B, 3, H, W], red, green and blue in [0, 1].</param>
    public Tensor Normalize(Tensor image)
    {
        using var scope = NewDisposeScope();
        long height = image.size(2), width = image.size(3);
        var mean = _mean.to(ScalarType.Float32).unsqueeze(0);
        if (height != TrainedSize || width != TrainedSize)
            mean = nn.functional.interpolate(mean, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
        return image.to(ScalarType.Float32).Times(255).Minus(mean).ToChannelsLast().MoveToOuterDisposeScope();
    }

    /// <summary>Normalised images [B, 3, H, W] → the last feature map [B, 512, H/32, W/32].</summary>
    public override Tensor forward(Tensor image)
    {
        using var scope = NewDisposeScope();
        return Run(image, Depths.Length)[^1].MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Normalised images [B, 3, H, W] → the feature maps of the first stages, of 64, 128, 256 and 512 channels at a quarter, an
    /// eighth, a sixteenth and a thirty-second of the sides; in the caller's dispose scope.
    /// </summary>
    public List<Tensor> Run(Tensor image, int stages)
    {
        var x = nn.functional.max_pool2d(_stem.call(image).relu_(), [3, 3], [2, 2], [1, 1]);
        var maps = new List<Tensor>();
        foreach (var stage in ((ModuleList<ResNetBlock>[])[_stage1, _stage2, _stage3, _stage4]).Take(stages))
        {
            foreach (var block in stage)
                x = block.call(x);
            maps.Add(x);
        }
        return maps;
    }

    /// <summary>Multiplications and additions for a square image of this side.</summary>
    public static double Operations(int side)
    {
        double positions = (double)side * side / 4, total = 2 * positions * 3 * Widths[0] * 49;
        positions /= 4;
        for (var stage = 0; stage < Depths.Length; stage++)
        {
            double input = Widths[Math.Max(stage - 1, 0)], output = Widths[stage];
            if (stage > 0)
            {
                positions /= 4;
                total += 2 * positions * input * output;
            }
            total += 2 * positions * 9 * ((input * output) + (output * output * ((2 * Depths[stage]) - 1)));
        }
        return total;
    }
}

/// <summary>Two convolutions beside a shortcut, which is a convolution of its own where the shape changes.</summary>
internal sealed class ResNetBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv1")] private readonly Layers.Conv2d _first;
    [ComponentName(Name = "conv2")] private readonly Layers.Conv2d _second;
    [ComponentName(Name = "downsample")] private readonly Layers.Conv2d? _shortcut;

    /// <param name="input">Channels before.</param>
    /// <param name="output">Channels after.</param>
    /// <param name="halves">Whether the sides are halved.</param>
    /// <param name="placement">Where the weights live.</param>
    public ResNetBlock(long input, long output, bool halves, Placement placement)
        : base(nameof(ResNetBlock))
    {
        _first = new Layers.Conv2d(input, output, 3, placement, stride: halves ? 2 : 1, padding: 1);
        _second = new Layers.Conv2d(output, output, 3, placement, padding: 1);
        _shortcut = halves ? new Layers.Conv2d(input, output, 1, placement, stride: 2) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = _second.call(_first.call(x).relu_());
        return y.Plus(_shortcut?.call(x) ?? x).relu_().MoveToOuterDisposeScope();
    }
}
