using Hita.Checkpoints;
using Hita.Layers;
using Hita.Runtime;
using Hita.Training.Ranks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Training.Discriminators;

/// <summary>PatchGAN: five convolutions that judge overlapping patches of 70 × 70 pixels.</summary>
internal sealed class PatchDiscriminator : nn.Module, IDiscriminator
{
    /// <summary>The smallest side of an image that leaves a patch to judge, in pixels.</summary>
    private const long SmallestSide = 24;

    private const int PublishedWidth = 64;

    [ComponentName(Name = "main")] private readonly ModuleList<nn.Module<Tensor, Tensor>> _layers;

    public PatchDiscriminator(Placement placement, int width = PublishedWidth)
        : base(nameof(PatchDiscriminator))
    {
        // The places in the list are the published names.
        _layers = new ModuleList<nn.Module<Tensor, Tensor>>(
            new PlainConv2d(3, width, stride: 2, hasBias: true, placement), new LeakyRelu(),
            new PlainConv2d(width, 2 * width, stride: 2, hasBias: false, placement), new BatchNorm(2 * width, placement), new LeakyRelu(),
            new PlainConv2d(2 * width, 4 * width, stride: 2, hasBias: false, placement), new BatchNorm(4 * width, placement), new LeakyRelu(),
            new PlainConv2d(4 * width, 8 * width, stride: 1, hasBias: false, placement), new BatchNorm(8 * width, placement), new LeakyRelu(),
            new PlainConv2d(8 * width, 1, stride: 1, hasBias: true, placement));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Parameters => this.Parameters();

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Buffers => named_buffers().ToDictionary(static b => b.name, static b => b.buffer, StringComparer.Ordinal);

    /// <summary>One with the published fresh weights: convolutions N(0, 0.02), norms N(1, 0.02), biases as the framework samples them.</summary>
    /// <param name="placement">Where it lies.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="width">Channels after the first convolution.</param>
    public static PatchDiscriminator Create(Placement placement, ulong seed, int width = PublishedWidth)
    {
        var network = new PatchDiscriminator(placement, width);
        using var frozen = no_grad();
        using var random = new Generator(seed);
        var parameters = network.Parameters;
        foreach (var (name, parameter) in parameters)
        {
            using var scope = NewDisposeScope();
            var values = empty(parameter.shape, dtype: ScalarType.Float32);
            var weight = parameters[name[..name.LastIndexOf('.')] + ".weight"];
            if (parameter.Dimensions == 4)
                values.normal_(0, 0.02, random);
            else if (name.EndsWith(".weight", StringComparison.Ordinal))
                values.normal_(1, 0.02, random);
            else if (weight.Dimensions == 1)
                values.zero_();
            else
                values.uniform_(-1 / Math.Sqrt(weight.numel() / weight.size(0)), 1 / Math.Sqrt(weight.numel() / weight.size(0)), random);
            parameter.copy_(values).DetachFromDisposeScope();
        }
        return network;
    }

    /// <inheritdoc/>
    public void ShareStatistics(RankExchange exchange)
    {
        foreach (var norm in _layers.OfType<BatchNorm>())
            norm.Ranks = exchange;
    }

    /// <inheritdoc/>
    /// <returns>A logit a patch, [B, 1, h, w].</returns>
    public Tensor Judge(Tensor images, StepRandom random)
    {
        if (images.size(2) < SmallestSide || images.size(3) < SmallestSide)
        {
            throw new HitaException(
                $"The PatchGAN discriminator needs images of {SmallestSide} pixels a side or more, these are {images.size(3)} × {images.size(2)}; train larger ones or without a discriminator.");
        }
        using var scope = NewDisposeScope();
        var x = images.ToChannelsLast();
        foreach (var layer in _layers)
            x = layer.call(x);
        return x.contiguous().MoveToOuterDisposeScope();
    }
}

/// <summary>A 4×4 convolution with padding 1.</summary>
internal sealed class PlainConv2d : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter? _bias;
    private readonly long _stride;

    public PlainConv2d(long input, long output, long stride, bool hasBias, Placement placement)
        : base(nameof(PlainConv2d))
    {
        _weight = placement.NewConvolution(output, input, 4);
        _bias = hasBias ? placement.NewParameter(output) : null;
        _stride = stride;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => nn.functional.conv2d(x, _weight, _bias, [_stride, _stride], [1, 1]);
}

/// <summary>Keeps what is positive, and a fifth of what is negative.</summary>
internal sealed class LeakyRelu() : nn.Module<Tensor, Tensor>(nameof(LeakyRelu))
{
    public override Tensor forward(Tensor x) => x.leaky_relu(TensorOps.Constant(0.2));
}
