using System.Text.Json.Serialization;
using Hita.Checkpoints;
using Hita.Layers;
using Hita.Runtime;

namespace Hita.Tokenization.Model;

/// <summary>
/// A ResNet-18 trained on ImageNet, whose last feature map gives a token a position, and whose mean gives the token of the whole
/// image. Its weights come with a package of ML.NET, see <see cref="ResNet18Weights"/>, and are never stored with a tokenizer.
/// </summary>
public sealed record ResNet18Config : SemanticEncoderConfig
{
    /// <summary>Pixels that one position of the last feature map stands for, along a side.</summary>
    internal const int Stride = 32;

    /// <summary>Side of the image given to it, in pixels, a multiple of 32 (default 224, which it was trained with: 7 × 7 patches).</summary>
    public override int InputSize { get; init; } = 224;

    /// <inheritdoc/>
    [JsonIgnore]
    public override int TokenWidth => ResNet18Network.Width;

    /// <inheritdoc/>
    [JsonIgnore]
    public override int GridSide => InputSize / Stride;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Description => $"ResNet-18 at {InputSize} pixels";

    internal override bool IsStored => false;

    internal override string? Absence => ResNet18Weights.Find() is null ? ResNet18Weights.Absence : null;

    internal override double Operations => ResNet18Network.Operations(InputSize);

    internal override SemanticEncoder Create(Placement placement) => new ResNet18Encoder(placement);

    internal override ITensorSource OpenWeights(ITensorSource? file) => file is null ? ResNet18Weights.Open() : ResNet18Weights.Of(file);

    internal override void CollectFaults(FaultCollector faults) => faults.Multiple(InputSize, Stride, 4096, "input_size");
}
