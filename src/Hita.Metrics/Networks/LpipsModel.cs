using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>The perceptual distance LPIPS: differences of a frozen VGG16's features at five depths, weighted by channel.</summary>
/// <remarks>
/// Names are those of the published implementation, <c>net.slice1.0.weight</c> to <c>lin4.model.1.weight</c>. It has no dropout:
/// the published one drops features when it is not set to evaluation, by accident.
/// </remarks>
internal sealed class LpipsModel : nn.Module, IPerceptualDistance
{
    private static readonly float[] Shift = [-.030f, -.088f, -.188f];
    private static readonly float[] Scale = [.458f, .448f, .450f];

    /// <summary>The smallest side of an image that four halvings leave something of, in pixels.</summary>
    private const long SmallestSide = 16;

    [ComponentName(Name = "net")] private readonly VggFeatures _network;
    [ComponentName(Name = "lin0")] private readonly LpipsHead _head0;
    [ComponentName(Name = "lin1")] private readonly LpipsHead _head1;
    [ComponentName(Name = "lin2")] private readonly LpipsHead _head2;
    [ComponentName(Name = "lin3")] private readonly LpipsHead _head3;
    [ComponentName(Name = "lin4")] private readonly LpipsHead _head4;

    public LpipsModel(Placement placement)
        : base(nameof(LpipsModel))
    {
        _network = new VggFeatures(placement);
        _head0 = new LpipsHead(64, placement);
        _head1 = new LpipsHead(128, placement);
        _head2 = new LpipsHead(256, placement);
        _head3 = new LpipsHead(512, placement);
        _head4 = new LpipsHead(512, placement);
        RegisterComponents();
        foreach (var parameter in parameters())
            parameter.requires_grad_(false);
        eval();
    }

    /// <summary>The distance of each image to its reference, [B]; the gradient flows to the images only.</summary>
    /// <param name="images">float32 [B, 3, H, W] in [-1, 1].</param>
    /// <param name="references">The same shape.</param>
    /// <exception cref="HitaException">The images are smaller than 16 pixels a side.</exception>
    public Tensor Distances(Tensor images, Tensor references)
    {
        if (images.size(2) < SmallestSide || images.size(3) < SmallestSide)
            throw new HitaException($"LPIPS needs images of {SmallestSide} pixels a side or more, these are {images.size(3)} × {images.size(2)}.");
        using var scope = NewDisposeScope();
        var found = _network.Run(Normalize(images));
        List<Tensor> wanted;
        using (no_grad())
            wanted = _network.Run(Normalize(references)).ConvertAll(UnitChannels);
        LpipsHead[] heads = [_head0, _head1, _head2, _head3, _head4];
        var sum = heads[0].Weigh(UnitChannels(found[0]).Minus(wanted[0]).Squared());
        for (var i = 1; i < heads.Length; i++)
            sum = sum.Plus(heads[i].Weigh(UnitChannels(found[i]).Minus(wanted[i]).Squared()));
        return sum.MoveToOuterDisposeScope();
    }

    private static Tensor Normalize(Tensor images)
    {
        var shift = TensorOps.FromFloats(Shift, 1, 3, 1, 1).to(images.device);
        var scale = TensorOps.FromFloats(Scale, 1, 3, 1, 1).to(images.device);
        return images.Minus(shift).Over(scale);
    }

    private static Tensor UnitChannels(Tensor features)
    {
        using var scope = NewDisposeScope();
        // Where no feature is positive the root's slope would be infinite and the gradient not a number; the addend has no other effect.
        var length = features.Squared().sum(1, keepdim: true).Plus(1e-30).sqrt();
        return features.Over(length.Plus(1e-10)).MoveToOuterDisposeScope();
    }
}

/// <summary>A non-negative weight a channel, averaged over the image.</summary>
internal sealed class LpipsHead : nn.Module
{
    [ComponentName(Name = "model")] private readonly LpipsHeadModel _model;

    public LpipsHead(long channels, Placement placement)
        : base(nameof(LpipsHead))
    {
        _model = new LpipsHeadModel(channels, placement);
        RegisterComponents();
    }

    /// <summary>[B, C, H, W] → [B].</summary>
    public Tensor Weigh(Tensor differences) => _model.Convolution.Weigh(differences);

    /// <summary>Published as the second of two layers, of which the first drops out in training.</summary>
    private sealed class LpipsHeadModel : nn.Module
    {
        [ComponentName(Name = "1")] private readonly ChannelWeights _weights;

        public LpipsHeadModel(long channels, Placement placement)
            : base(nameof(LpipsHeadModel))
        {
            _weights = new ChannelWeights(channels, placement);
            RegisterComponents();
        }

        public ChannelWeights Convolution => _weights;
    }

    private sealed class ChannelWeights : nn.Module
    {
        [ComponentName(Name = "weight")] private readonly Parameter _weight;

        public ChannelWeights(long channels, Placement placement)
            : base(nameof(ChannelWeights))
        {
            _weight = placement.NewParameter(1, channels, 1, 1);
            RegisterComponents();
        }

        // The mean over the image first: the weights are the same everywhere.
        public Tensor Weigh(Tensor differences)
        {
            using var scope = NewDisposeScope();
            return differences.mean([2L, 3L]).mul(_weight.view(1, -1)).sum(1).MoveToOuterDisposeScope();
        }
    }
}
