using Hita.Checkpoints;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

// B batch, C channels, H W positions of a stage.

/// <summary>
/// A distance between images by the stages of a frozen ResNet-18: their feature maps are brought to unit length over channels, and
/// the squared differences are summed over channels and averaged over positions and stages: from 0 to 2, as the features are not
/// negative. It is not LPIPS, whose channels are weighted by what people said.
/// </summary>
internal sealed class ResNet18Stages : IPerceptualDistance
{
    /// <summary>The smallest side of an image that all halvings leave something of, in pixels.</summary>
    private const long MinSide = 32;

    private readonly ResNet18Encoder _owner;
    private readonly ResNet18Network _network;
    private readonly int[] _stages;

    private ResNet18Stages(ResNet18Encoder owner, IReadOnlyList<int> stages) =>
        (_owner, _network, _stages) = (owner, owner.Network, [.. stages]);

    /// <summary>Whether the network computes in bfloat16; differences are float32 in any case.</summary>
    public bool Mixed { get; init; }

    /// <summary>Loads the network.</summary>
    /// <param name="stages">The stages that are compared, from 1 to 4.</param>
    /// <param name="file">The weights; null to find them, see <see cref="ResNet18Weights"/>.</param>
    /// <param name="mixed">Whether the network computes in bfloat16.</param>
    /// <param name="placement">Where the weights live.</param>
    /// <exception cref="HitaException">The weights are not there or do not fit.</exception>
    public static ResNet18Stages Load(IReadOnlyList<int> stages, string? file, bool mixed, Placement placement)
    {
        using var source = ResNet18Weights.Open(file);
        var owner = new ResNet18Encoder(placement);
        try
        {
            StrictLoader.Load(source, owner.Parameters());
            return new ResNet18Stages(owner, stages) { Mixed = mixed };
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="HitaException">The images are smaller than 32 pixels a side.</exception>
    public Tensor Distances(Tensor images, Tensor references)
    {
        if (images.size(2) < MinSide || images.size(3) < MinSide)
            throw new HitaException($"The stages of ResNet-18 need images of {MinSide} pixels a side or more, these are {images.size(3)} × {images.size(2)}.");
        using var scope = NewDisposeScope();
        List<Tensor> found, wanted;
        using (var cast = Mixed ? Autocast.BFloat16(images.device) : null)
        {
            found = _network.Run(Normalize(images), _stages.Max());
            using (no_grad())
                wanted = _network.Run(Normalize(references), _stages.Max());
        }
        var sum = Difference(found[_stages[0] - 1], wanted[_stages[0] - 1]);
        foreach (var stage in _stages.Skip(1))
            sum = sum.Plus(Difference(found[stage - 1], wanted[stage - 1]));
        return sum.Times(1.0 / _stages.Length).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();

    private Tensor Normalize(Tensor images)
    {
        using var scope = NewDisposeScope();
        return _network.Normalize(images.Plus(1).Times(0.5)).MoveToOuterDisposeScope();
    }

    private static Tensor Difference(Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        return UnitChannels(a).Minus(UnitChannels(b)).Squared().sum(1).mean([1L, 2L]).MoveToOuterDisposeScope(); // [B]
    }

    // A position where nothing is seen has no length; the small number keeps its gradient finite.
    private static Tensor UnitChannels(Tensor features)
    {
        using var scope = NewDisposeScope();
        var x = features.to(ScalarType.Float32);
        return x.Over(x.Squared().sum(1, keepdim: true).Plus(1e-10).sqrt()).MoveToOuterDisposeScope();
    }
}
