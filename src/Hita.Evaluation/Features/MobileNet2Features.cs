using Hita.Evaluation.Protocols;
using Hita.Evaluation.Runs;
using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Evaluation.Features;

/// <summary>The 1,280 pooled features of MobileNetV2 and its 1,001 logits.</summary>
internal sealed class MobileNet2Features : FeatureNetwork
{
    private readonly MobileNet2Model _network;
    private readonly Placement _placement;

    private MobileNet2Features(MobileNet2Model network, Placement placement, string fingerprint) =>
        (_network, _placement, Fingerprint) = (network, placement, fingerprint);

    public override string Name => "mobilenet2";

    public override EvaluationProtocol Protocol => FeatureProtocols.MobileNet2;

    public override int Width => MobileNet2Model.Width;

    public override int ClassCount => MobileNet2Model.ClassCount;

    public override string Fingerprint { get; }

    public static MobileNet2Features Open(string weights, string device)
    {
        var placement = Placement.For(device, Precision.Float32);
        return new MobileNet2Features(MobileNet2Model.Load(weights, placement), placement, FileHash.Of(weights));
    }

    private protected override NetworkFeatures Run(Tensor images)
    {
        var (features, logits) = _network.Run(images.to(_placement.Device));
        return new NetworkFeatures(features.ToFloats(), logits.ToFloats());
    }

    // After the blocks of 24 channels at 56 pixels a side and of 32 at 28; after those of 96 at 14.
    private protected override (Tensor Content, Tensor[] Style) Maps(Tensor images)
    {
        var maps = _network.Maps(images.to(_placement.Device), 13);
        return (maps[12], [maps[2], maps[5]]);
    }

    private protected override void Free() => _network.Dispose();
}
