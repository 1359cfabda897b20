using Hita.Runtime;

namespace Hita.Training.Ranks;

/// <summary>How several ranks train together; without other ranks none of it has an effect.</summary>
public sealed record DistributedOptions
{
    /// <summary>
    /// Whether each rank keeps the optimiser's state and the average of the weights for its pieces of the parameters alone (ZeRO, stage 1), to
    /// save memory. What is learned is the same. May be changed when a run is resumed. Default false.
    /// </summary>
    public bool ShardOptimizer { get; init; }

    /// <summary>
    /// Steps between two comparisons of the ranks' weights, which must be the same to the bit; 0 for none. A run whose ranks differ stops. May
    /// be changed when a run is resumed. Default 1000.
    /// </summary>
    public int CompareEvery { get; init; } = 1000;

    /// <summary>
    /// Whether the PatchGAN discriminator's batch normalisation goes by the statistics of all ranks' images that are judged at the same time,
    /// instead of by each rank's own. What is learned then depends on the number of ranks and parts. Default false.
    /// </summary>
    public bool SyncBatchNorm { get; init; }

    /// <summary>
    /// The type in which gradients travel: float32, or bfloat16 for half of the bytes. Each rank's gradients are then rounded to 8 bits before
    /// they are added up, and each sum once more; sums are in float32. Default float32.
    /// </summary>
    public Precision GradientPrecision { get; init; }

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Min(CompareEvery, 0, "distributed.compare_every");
        faults.Require(GradientPrecision is Precision.Float32 or Precision.BFloat16, $"distributed.gradient_precision is {EnumWords.Of(GradientPrecision)}, gradients travel in float32 or bfloat16");
    }
}
