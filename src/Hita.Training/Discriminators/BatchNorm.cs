using Hita.Layers;
using Hita.Runtime;
using Hita.Training.Ranks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Training.Discriminators;

// B batch, C channels.

/// <summary>Batch normalisation by the batch's own statistics, which also move the running ones.</summary>
internal sealed class BatchNorm : nn.Module<Tensor, Tensor>
{
    private const double Momentum = 0.1;
    private const double Eps = 1e-5;
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    [ComponentName(Name = "running_mean")] private readonly Tensor _mean;
    [ComponentName(Name = "running_var")] private readonly Tensor _variance;
    [ComponentName(Name = "num_batches_tracked")] private readonly Tensor _count;

    public BatchNorm(long channels, Placement placement)
        : base(nameof(BatchNorm))
    {
        _weight = placement.NewParameter(channels);
        _bias = placement.NewParameter(channels);
        _mean = zeros([channels], dtype: ScalarType.Float32, device: placement.Device).DetachFromDisposeScope();
        _variance = ones([channels], dtype: ScalarType.Float32, device: placement.Device).DetachFromDisposeScope();
        _count = zeros(Array.Empty<long>(), dtype: ScalarType.Int64, device: placement.Device).DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <summary>The ranks whose parts of a batch are one batch; null for this process's part alone.</summary>
    public RankExchange? Ranks { get; set; }

    /// <summary>[B, C, H, W] → [B, C, H, W].</summary>
    public override Tensor forward(Tensor x)
    {
        using (no_grad())
            _count.add_(ones_like(_count), TensorOps.Constant(1L));
        return Ranks is null
            ? nn.functional.batch_norm(x, _mean, _variance, _weight, _bias, training: true, Momentum, Eps)
            : Normalize(x, Ranks);
    }

    // Means first: a variance from sums of squares would lose its last bits.
    private Tensor Normalize(Tensor x, RankExchange ranks)
    {
        using var scope = NewDisposeScope();
        var count = (double)x.numel() / x.size(1) * ranks.Group.Size;
        var mean = RankSum.Of(x.sum([0L, 2L, 3L]), ranks).Times(1 / count); // [C]
        var centred = x.Minus(mean.view(1, -1, 1, 1));
        var variance = RankSum.Of(centred.Squared().sum([0L, 2L, 3L]), ranks).Times(1 / count); // [C]
        using (no_grad())
        {
            Move(_mean, mean, 1);
            Move(_variance, variance, count / Math.Max(1, count - 1));
        }
        var factor = _weight.Times(variance.Plus(Eps).rsqrt());
        return centred.Times(factor.view(1, -1, 1, 1)).Plus(_bias.view(1, -1, 1, 1)).MoveToOuterDisposeScope();
    }

    private static void Move(Tensor running, Tensor value, double factor) =>
        running.copy_(running.Times(1 - Momentum).Plus(value.detach().Times(Momentum * factor)));
}
