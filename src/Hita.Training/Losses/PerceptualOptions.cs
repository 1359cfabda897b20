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

    internal void CollectFaults(List<string> faults)
    {
        if (Weight is not (> 0 and <= 1e6))
            faults.Add(FormattableString.Invariant($"perceptual.weight is {Weight}, it must lie above 0 and be 1000000 at most"));
    }
}
