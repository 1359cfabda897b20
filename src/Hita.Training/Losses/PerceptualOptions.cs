using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Training.Losses;

/// <summary>How two images are compared as a trained network sees them.</summary>
public enum PerceptualKind
{
    /// <summary>LPIPS over a frozen VGG16 (published), whose weights have to be brought in.</summary>
    Lpips,

    /// <summary>
    /// The features of a frozen ResNet-18's stages at unit length, without learned weights for channels. Its weights come with a
    /// package, see <see cref="ResNet18Weights"/>. It is not LPIPS, and the two are not compared.
    /// </summary>
    Resnet18Stages,
}

/// <summary>The perceptual loss.</summary>
public sealed record PerceptualOptions
{
    /// <summary>What compares. Default <c>lpips</c>.</summary>
    public PerceptualKind Kind { get; init; }

    /// <summary>Its weight in the loss (published 1).</summary>
    public double Weight { get; init; } = 1;

    /// <summary>For LPIPS: torchvision's VGG16 weights; null looks for the file in the folder of metric weights.</summary>
    public string? VggFile { get; init; }

    /// <summary>For LPIPS: its linear heads for VGG16; null looks for the file in the folder of metric weights.</summary>
    public string? HeadsFile { get; init; }

    /// <summary>For ResNet-18: its weights; null finds them by themselves.</summary>
    public string? ResnetFile { get; init; }

    /// <summary>For ResNet-18: the stages that are compared, from 1 (a quarter of the sides) to 4 (a thirty-second). Default all.</summary>
    public IReadOnlyList<int> Stages { get; init; } = [1, 2, 3, 4];

    /// <summary>Equal when every value is.</summary>
    /// <param name="other">The others.</param>
    public bool Equals(PerceptualOptions? other) =>
        other is not null && (Kind, Weight, VggFile, HeadsFile, ResnetFile) == (other.Kind, other.Weight, other.VggFile, other.HeadsFile, other.ResnetFile) &&
        Stages.SequenceEqual(other.Stages);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Weight, VggFile, HeadsFile, ResnetFile, Stages.Count);

    internal void CollectFaults(FaultCollector faults)
    {
        faults.OneOf(Kind, "kind");
        faults.Above(Weight, 0, 1e6, "weight");
        faults.Require(
            Stages.Count > 0 && Stages.All(static s => s is >= 1 and <= 4) && Stages.Distinct().Count() == Stages.Count,
            $"stages is [{string.Join(", ", Stages)}], it must hold some of 1, 2, 3 and 4, each once");
    }
}
