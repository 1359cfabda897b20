using Hita.Runtime;
using Hita.Training.Optimization;

namespace Hita.Training;

/// <summary>Everything that a generator's training can be told; the defaults are the published recipe's.</summary>
public sealed record GeneratorTrainingOptions
{
    /// <summary>The optimiser: as published, weight decay 0.05 on tensors of rank 2 and more.</summary>
    public OptimizerOptions Optimizer { get; init; } = new() { WeightDecay = 0.05 };

    /// <summary>The exponential moving average of the weights.</summary>
    public AverageOptions Average { get; init; } = new();

    /// <summary>Probability of replacing an image's class by "no class", which guidance needs (published 0.1).</summary>
    public double ClassDropout { get; init; } = 0.1;

    /// <summary>Probability of dropping, in embeddings, residual branches and feed-forward parts (published 0.1).</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>
    /// The type of matrix products: float32, or bfloat16 where the processor or GPU is faster at it. Weights, norms and losses
    /// stay float32. Default float32; the published runs used bfloat16.
    /// </summary>
    public Precision Precision { get; init; }

    /// <summary>
    /// Whether each block keeps its input only and is computed again on the way back: about half the memory for a fifth to a third more time.
    /// On a CPU the results are the same to the bit. Default false.
    /// </summary>
    public bool ActivationCheckpointing { get; init; }

    /// <summary>Checks every field.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public GeneratorTrainingOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Below(ClassDropout, 0, 1, "class_dropout");
        faults.Below(Dropout, 0, 1, "dropout");
        faults.Require(Precision is Precision.Float32 or Precision.BFloat16, $"precision is {EnumWords.Of(Precision)}, training runs in float32 or bfloat16");
        Optimizer.CollectFaults(faults.Within("optimizer."));
        Average.CollectFaults(faults.Within("average."));
        return faults.Checked(this, "The generator's training");
    }
}
