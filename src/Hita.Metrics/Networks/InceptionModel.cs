using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>
/// Inception-v3 of December 2015 as the published measures use it, under the names of the weight file that torch-fidelity
/// distributes. It differs from the later Inception-v3 in how it pools, in its 1,008 classes and in its resize.
/// </summary>
internal sealed class InceptionModel : nn.Module<Tensor, InceptionOutputs>
{
    /// <summary>The side to which every image is resized, in pixels.</summary>
    public const int Side = 299;

    private const long SpatialChannels = 7;

    [ComponentName(Name = "Conv2d_1a_3x3")] private readonly InceptionConv _conv1a;
    [ComponentName(Name = "Conv2d_2a_3x3")] private readonly InceptionConv _conv2a;
    [ComponentName(Name = "Conv2d_2b_3x3")] private readonly InceptionConv _conv2b;
    [ComponentName(Name = "Conv2d_3b_1x1")] private readonly InceptionConv _conv3b;
    [ComponentName(Name = "Conv2d_4a_3x3")] private readonly InceptionConv _conv4a;
    [ComponentName(Name = "Mixed_5b")] private readonly InceptionA _mixed5b;
    [ComponentName(Name = "Mixed_5c")] private readonly InceptionA _mixed5c;
    [ComponentName(Name = "Mixed_5d")] private readonly InceptionA _mixed5d;
    [ComponentName(Name = "Mixed_6a")] private readonly InceptionB _mixed6a;
    [ComponentName(Name = "Mixed_6b")] private readonly InceptionC _mixed6b;
    [ComponentName(Name = "Mixed_6c")] private readonly InceptionC _mixed6c;
    [ComponentName(Name = "Mixed_6d")] private readonly InceptionC _mixed6d;
    [ComponentName(Name = "Mixed_6e")] private readonly InceptionC _mixed6e;
    [ComponentName(Name = "Mixed_7a")] private readonly InceptionD _mixed7a;
    [ComponentName(Name = "Mixed_7b")] private readonly InceptionE _mixed7b;
    [ComponentName(Name = "Mixed_7c")] private readonly InceptionE _mixed7c;
    [ComponentName(Name = "fc")] private readonly Classifier _classifier;
    private readonly Device _device;

    public InceptionModel(Placement placement)
        : base(nameof(InceptionModel))
    {
        _device = placement.Device;
        _conv1a = new InceptionConv(3, 32, Kernel.Valid(2), placement);
        _conv2a = new InceptionConv(32, 32, Kernel.Valid(), placement);
        _conv2b = new InceptionConv(32, 64, Kernel.Same(3), placement);
        _conv3b = new InceptionConv(64, 80, Kernel.One, placement);
        _conv4a = new InceptionConv(80, 192, Kernel.Valid(), placement);
        _mixed5b = new InceptionA(192, 32, placement);
        _mixed5c = new InceptionA(256, 64, placement);
        _mixed5d = new InceptionA(288, 64, placement);
        _mixed6a = new InceptionB(288, placement);
        _mixed6b = new InceptionC(128, placement);
        _mixed6c = new InceptionC(160, placement);
        _mixed6d = new InceptionC(160, placement);
        _mixed6e = new InceptionC(192, placement);
        _mixed7a = new InceptionD(placement);
        _mixed7b = new InceptionE(1280, poolsLargest: false, placement);
        _mixed7c = new InceptionE(2048, poolsLargest: true, placement);
        _classifier = new Classifier(placement);
        RegisterComponents();
        eval();
    }

    /// <summary>Prepares the network; must be called once the parameters have their values.</summary>
    public void Fold()
    {
        foreach (var convolution in modules().OfType<InceptionConv>())
            convolution.Fold();
    }

    /// <param name="images">uint8 [B, 3, H, W], any size and device.</param>
    public override InceptionOutputs forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var x = TensorflowResize.Resize(images.to(_device).to(ScalarType.Float32), Side); // [B, 3, 299, 299]
        x = x.Plus(-128).Times(1 / 128.0).ToChannelsLast();
        x = _conv2b.call(_conv2a.call(_conv1a.call(x))); // [B, 64, 147, 147]
        x = _conv4a.call(_conv3b.call(Pool.Halve(x))); // [B, 192, 71, 71]
        x = _mixed5d.call(_mixed5c.call(_mixed5b.call(Pool.Halve(x)))); // [B, 288, 35, 35]
        x = _mixed6a.call(x); // [B, 768, 17, 17]
        x = _mixed6c.call(_mixed6b.call(x).Joined).Joined;
        (x, var one) = _mixed6d.call(x);
        var spatial = one.narrow(1, 0, SpatialChannels).permute(0, 2, 3, 1).contiguous(); // [B, 17, 17, 7]
        x = _mixed7a.call(_mixed6e.call(x).Joined); // [B, 1280, 8, 8]
        x = _mixed7c.call(_mixed7b.call(x)); // [B, 2048, 8, 8]
        var pool = x.mean([2, 3]); // [B, 2048]
        var unbiased = _classifier.call(pool); // [B, 1008]
        return new InceptionOutputs(
            pool.MoveToOuterDisposeScope(), unbiased.MoveToOuterDisposeScope(),
            unbiased.Plus(_classifier.Bias).MoveToOuterDisposeScope(), spatial.MoveToOuterDisposeScope());
    }

    /// <summary>The last layer; its bias is kept apart, as the Inception score is computed without it.</summary>
    private sealed class Classifier : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "weight")] private readonly TorchSharp.Modules.Parameter _weight;
        [ComponentName(Name = "bias")] private readonly TorchSharp.Modules.Parameter _bias;

        public Classifier(Placement placement)
            : base(nameof(Classifier))
        {
            _weight = placement.NewParameter(InceptionFeatures.ClassCount, InceptionFeatures.PoolWidth);
            _bias = placement.NewParameter(InceptionFeatures.ClassCount);
            RegisterComponents();
        }

        public Tensor Bias => _bias;

        public override Tensor forward(Tensor pool) => nn.functional.linear(pool, _weight);
    }
}

/// <summary>What the network gives for a batch.</summary>
/// <param name="Pool">[B, 2048].</param>
/// <param name="UnbiasedLogits">[B, 1008].</param>
/// <param name="Logits">[B, 1008].</param>
/// <param name="Spatial">[B, 17, 17, 7].</param>
internal sealed record InceptionOutputs(Tensor Pool, Tensor UnbiasedLogits, Tensor Logits, Tensor Spatial);
