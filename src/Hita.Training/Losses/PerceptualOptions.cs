using Hita.Runtime;

namespace Hita.Training.Losses;

/// <summary>The perceptual loss: LPIPS over a frozen VGG16.</summary>
public sealed record PerceptualOptions
{
    /// <summary>Its weight in the loss (published 1).</summary>
    public double Weight { get; init; } = 1;

    /// <summary>torchvision's VGG16 weights; null looks for the file in the folder of metric weights.</summary>
    public string? VggFile { get; init; }

    /// <summary>The linear heads of LPIPS for VGG16; null looks for the file in the folder of metric weights.</summary>
    public string? HeadsFile { get; init; }

    internal void CollectFaults(FaultCollector faults) => faults.Above(Weight, 0, 1e6, "weight");
}
