using Hita.Checkpoints;
using Hita.Evaluation.Protocols;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Evaluation.Features;

/// <summary>The 512 pooled features of ResNet-18.</summary>
internal sealed class ResNet18Features : FeatureNetwork
{
    private readonly ResNet18Encoder _network;
    private readonly Placement _placement;

    private ResNet18Features(ResNet18Encoder network, Placement placement, string fingerprint) =>
        (_network, _placement, Fingerprint) = (network, placement, fingerprint);

    public override string Name => "resnet18";

    public override EvaluationProtocol Protocol => FeatureProtocols.ResNet18;

    public override int Width => ResNet18Network.Width;

    public override int ClassCount => 0;

    public override string Fingerprint { get; }

    public static ResNet18Features Open(string? weights, string device)
    {
        var placement = Placement.For(device, Precision.Float32);
        using var source = ResNet18Weights.Open(weights);
        var network = new ResNet18Encoder(placement);
        try
        {
            StrictLoader.Load(source, network.Parameters());
            return new ResNet18Features(network, placement, WeightFingerprint.Of(source));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private protected override NetworkFeatures Run(Tensor images)
    {
        var tokens = _network.Tokens(Scaled(images), ScalarType.Float32); // [B, 50, 512]
        return new NetworkFeatures(tokens.narrow(1, 0, 1).ToFloats(), []);
    }

    // The first two stages, of 56 and 28 pixels a side; the third, of 14.
    private protected override (Tensor Content, Tensor[] Style) Maps(Tensor images)
    {
        var maps = _network.Network.Run(_network.Network.Normalize(Scaled(images)), 3);
        return (maps[2], [maps[0], maps[1]]);
    }

    // [-1, 1] → [0, 1], where the network is.
    private Tensor Scaled(Tensor images) => images.to(_placement.Device).Plus(1).Times(0.5);

    private protected override void Free() => _network.Dispose();
}
