using Hita.Runtime;

namespace Hita.Training;

/// <summary>The exponential moving average of the weights, which is what a trained model is used with.</summary>
public sealed record AverageOptions
{
    /// <summary>The share of the old average that a step keeps (published 0.9999). 0 to 1, exclusive.</summary>
    public double Decay { get; init; } = 0.9999;

    /// <summary>
    /// Whether early steps keep less, (1 + n) / (10 + n) at most at step n, so that a short run's average forgets its random
    /// start. Default false, as published.
    /// </summary>
    public bool Warmup { get; init; }

    /// <summary>The decay of a step.</summary>
    /// <param name="step">Its number, from 1.</param>
    public double DecayAt(long step) => Warmup ? Math.Min(Decay, (1.0 + step) / (10 + step)) : Decay;

    internal void CollectFaults(FaultCollector faults) => faults.Below(Decay, 0, 1, "decay");
}
