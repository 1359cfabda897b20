using Hita.Layers;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

// B batch, H W positions of the last feature map, C = 512 channels.

/// <summary>ResNet-18 as a semantic encoder: the mean of the last feature map, then the map's positions.</summary>
internal sealed class ResNet18Encoder : SemanticEncoder
{
    [TorchSharp.Utils.ComponentName(Name = "network")] private readonly ResNet18Network _network;

    public ResNet18Encoder(Placement placement)
        : base(nameof(ResNet18Encoder))
    {
        _network = new ResNet18Network(placement);
        RegisterComponents();
    }

    /// <summary>The network itself, for its feature maps.</summary>
    public ResNet18Network Network => _network;

    /// <inheritdoc/>
    public override Tensor Tokens(Tensor image, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return call(_network.Normalize(image).to(type)).MoveToOuterDisposeScope();
    }

    /// <summary>[B, 3, size, size], normalised → [B, 1 + H·W, C].</summary>
    public override Tensor forward(Tensor image)
    {
        using var scope = NewDisposeScope();
        var patches = _network.call(image).ToSequence(); // [B, H·W, C]
        return cat([patches.mean([1L], keepdim: true), patches], 1).MoveToOuterDisposeScope();
    }
}
