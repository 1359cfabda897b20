using Hita.Runtime;
using Hita.Training.Losses;
using Hita.Training.Optimization;

namespace Hita.Training.Discriminators;

/// <summary>The discriminators.</summary>
public enum DiscriminatorKind
{
    /// <summary>A small convolutional network that judges overlapping patches (Hita-V, vanilla family).</summary>
    PatchGan,

    /// <summary>Trained heads on a frozen DINO ViT-S/16, which needs a weight file (Hita-U).</summary>
    Dino,
}

/// <summary>The discriminator, and how it and the tokenizer learn from each other.</summary>
public sealed record DiscriminatorOptions
{
    /// <summary>Which one. Default <see cref="DiscriminatorKind.PatchGan"/>.</summary>
    public DiscriminatorKind Kind { get; init; }

    /// <summary>The frozen DINO ViT-S/16, for <see cref="DiscriminatorKind.Dino"/>; null looks for it in the folder of metric weights.</summary>
    public string? DinoFile { get; init; }

    /// <summary>Channels after the first convolution of <see cref="DiscriminatorKind.PatchGan"/> (published and default 64); each of the next three doubles them. Without effect on the other kind.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Weight of both sides' loss from step <see cref="StartStep"/> on (published 0.5).</summary>
    public double Weight { get; init; } = 0.5;

    /// <summary>The first step, from 1, at which it counts (published 20000).</summary>
    public long StartStep { get; init; } = 20000;

    /// <summary>Its own loss (published hinge).</summary>
    public DiscriminatorLoss Loss { get; init; }

    /// <summary>The tokenizer's loss against it (published softplus; the vanilla family's is hinge).</summary>
    public AdversarialLoss GeneratorLoss { get; init; }

    /// <summary>Whether it sees true images before reconstructions (the vanilla family) or after (published). Default false.</summary>
    public bool RealFirst { get; init; }

    /// <summary>
    /// Whether it rests until <see cref="StartStep"/>. As published it runs from the first step on, with a weight of 0: only its
    /// running statistics and spectral-norm vectors change, for a quarter of a step's time on a small CNN. Default false.
    /// </summary>
    public bool RestUntilStart { get; init; }

    /// <summary>Its optimiser: as the tokenizer's, without warm-up.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>Its weight at a step.</summary>
    internal double WeightAt(long step) => step >= StartStep ? Weight : 0;

    internal void CollectFaults(FaultCollector faults)
    {
        faults.OneOf(Kind, "kind");
        faults.OneOf(Loss, "loss");
        faults.OneOf(GeneratorLoss, "generator_loss");
        faults.Range(Width, 1, 1024, "width", "channels");
        faults.Above(Weight, 0, 1e6, "weight");
        faults.Require(StartStep >= 1, $"start_step is {StartStep}, steps count from 1");
        Optimizer.CollectFaults(faults.Within("optimizer."));
    }
}
