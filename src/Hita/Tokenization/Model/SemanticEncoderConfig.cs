using System.Text.Json.Serialization;
using Hita.Checkpoints;
using Hita.Layers;
using Hita.Runtime;

namespace Hita.Tokenization.Model;

/// <summary>
/// The frozen network whose tokens are mixed with the queries and patches of a tokenizer. A configuration file tells the kinds
/// apart by <c>kind</c>: <c>dinov2</c>, which need not be said, or <c>resnet18</c>.
/// </summary>
[ConfigKinds(["dinov2", "resnet18"], [typeof(Dinov2Config), typeof(ResNet18Config)])]
[JsonConverter(typeof(ConfigKindsConverter<SemanticEncoderConfig>))]
public abstract record SemanticEncoderConfig
{
    private protected SemanticEncoderConfig()
    {
    }

    /// <summary>Side of the image given to it, in pixels.</summary>
    public abstract int InputSize { get; init; }

    /// <summary>Channels of a token.</summary>
    [JsonIgnore]
    public abstract int TokenWidth { get; }

    /// <summary>Patches along a side of its input.</summary>
    [JsonIgnore]
    public abstract int GridSide { get; }

    /// <summary>Tokens of an image: one for the whole image and one a patch.</summary>
    [JsonIgnore]
    public int TokenCount => 1 + (GridSide * GridSide);

    /// <summary>What it is, in a few words, for listings.</summary>
    [JsonIgnore]
    public abstract string Description { get; }

    /// <summary>
    /// Whether its weights are stored with the tokenizer. Those of the others are the same for every tokenizer and are found by
    /// <see cref="OpenWeights"/>.
    /// </summary>
    internal abstract bool IsStored { get; }

    /// <summary>The sentence that says how to get its weights, where they are not stored with the tokenizer and not on this machine; else null.</summary>
    internal virtual string? Absence => null;

    /// <summary>Multiplications and additions for one image.</summary>
    internal abstract double Operations { get; }

    /// <summary>Builds the network, with weights yet to be loaded.</summary>
    internal abstract SemanticEncoder Create(Placement placement);

    /// <summary>Finds its weights.</summary>
    /// <param name="file">An open file to take them from, which becomes part of the result; null to find them where they are kept.</param>
    /// <exception cref="HitaException">They are not there; the message says how to get them.</exception>
    internal virtual ITensorSource OpenWeights(ITensorSource? file) => file ?? throw new HitaException("The weights of the semantic encoder are not at hand; name their file.");

    internal abstract void CollectFaults(FaultCollector faults);
}
