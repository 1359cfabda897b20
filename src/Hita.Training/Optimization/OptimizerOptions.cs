using Hita.Runtime;

namespace Hita.Training.Optimization;

/// <summary>How a learning rate ends.</summary>
public enum RateDecay
{
    /// <summary>It stays at its base (published for both stages).</summary>
    Constant,

    /// <summary>Half a cosine from its base down to <see cref="OptimizerOptions.FinalRate"/>.</summary>
    Cosine,
}

/// <summary>Adam with decoupled weight decay, a clipped gradient and a schedule.</summary>
public sealed record OptimizerOptions
{
    /// <summary>The base learning rate (published 1e-4).</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>The share of the old mean gradient that is kept (published 0.9). 0 to 1, exclusive.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The share of the old mean squared gradient that is kept (published 0.95). 0 to 1, exclusive.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the mean square. Default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decay of tensors of rank 2 and more, relative to the learning rate (published: tokenizer 0, generator 0.05).</summary>
    public double WeightDecay { get; init; }

    /// <summary>The largest norm of the gradient, over all parameters (published 1); 0 for no limit.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Steps over which the rate rises linearly (published: the tokenizer's four epochs, else none). Default 0.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>The rate that warm-up starts above (published 1e-7).</summary>
    public double WarmupRate { get; init; } = 1e-7;

    /// <summary>How the rate ends. Default <see cref="RateDecay.Constant"/>.</summary>
    public RateDecay Decay { get; init; }

    /// <summary>The step at which a decay reaches <see cref="FinalRate"/>; needed by every decay but the constant one.</summary>
    public long DecaySteps { get; init; }

    /// <summary>The rate at and after <see cref="DecaySteps"/>. Default 0.</summary>
    public double FinalRate { get; init; }

    /// <summary>The learning rate of a step: a function of its number alone, so that a resumed run needs no memory of it.</summary>
    /// <param name="step">The step's number, from 1.</param>
    public double RateAt(long step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        if (step < WarmupSteps)
            return WarmupRate + (step * (LearningRate - WarmupRate) / WarmupSteps);
        if (Decay == RateDecay.Constant || step <= WarmupSteps)
            return LearningRate;
        var share = Math.Min(1, (double)(step - WarmupSteps) / Math.Max(1, DecaySteps - WarmupSteps));
        return FinalRate + (0.5 * (LearningRate - FinalRate) * (1 + Math.Cos(Math.PI * share)));
    }

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Above(LearningRate, 0, 10, "learning_rate");
        faults.Below(Beta1, 0, 1, "beta1");
        faults.Below(Beta2, 0, 1, "beta2");
        faults.Above(Epsilon, 0, 1, "epsilon");
        faults.Range(WeightDecay, 0, 100, "weight_decay");
        faults.Min(ClipNorm, 0, "clip_norm");
        faults.Min(WarmupSteps, 0, "warmup_steps");
        faults.Require(WarmupRate >= 0 && WarmupRate <= LearningRate, $"warmup_rate is {WarmupRate}, it must lie between 0 and learning_rate ({LearningRate})");
        faults.Require(Decay == RateDecay.Constant || DecaySteps > WarmupSteps, $"decay_steps is {DecaySteps}, a decay must end after the warm-up ({WarmupSteps} steps)");
        faults.Require(FinalRate >= 0 && FinalRate <= LearningRate, $"final_rate is {FinalRate}, it must lie between 0 and learning_rate ({LearningRate})");
    }
}
