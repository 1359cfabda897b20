using System.Text.Json.Serialization;
using Hita.Runtime;

namespace Hita.Tokenization.Model;

/// <summary>The architecture of an image tokenizer: a convolutional encoder and decoder around quantized codes.</summary>
/// <remarks>Without <see cref="Holistic"/> it is the vanilla (LlamaGen) tokenizer: patch codes alone.</remarks>
public sealed record TokenizerConfig
{
    /// <summary>The value of <see cref="ModelType"/> in every tokenizer's <c>config.json</c>.</summary>
    public const string TypeName = "hita-tokenizer";

    /// <summary>Marks the file as a tokenizer's configuration.</summary>
    [JsonPropertyOrder(-2)]
    public string ModelType { get; init; } = TypeName;

    /// <summary>The preset it was made from, for messages and listings only; null for a custom architecture.</summary>
    [JsonPropertyOrder(-1)]
    public string? Preset { get; init; }

    /// <summary>Side of the square image it was made for, in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Channels of the finest level of the CNN; a multiple of 32 (published: 128).</summary>
    public required int BaseChannels { get; init; }

    /// <summary>Channel factor of each level, finest first. Each level but the last halves the sides.</summary>
    public required IReadOnlyList<int> ChannelMultipliers { get; init; }

    /// <summary>Residual blocks a level in the encoder; the decoder has one more (published: 2).</summary>
    public int ResidualBlocks { get; init; } = 2;

    /// <summary>
    /// Groups of channels that the CNN normalises together (published: 32); a divisor of <see cref="BaseChannels"/>. A group of one
    /// channel loses that channel's mean, and with it the colour of the image: small CNNs want fewer groups.
    /// </summary>
    public int NormGroups { get; init; } = 32;

    /// <summary>Channels z between the CNN and the quantizer (published: 512, vanilla family 256).</summary>
    public required int LatentChannels { get; init; }

    /// <summary>Entries V of each codebook.</summary>
    public required int CodebookSize { get; init; }

    /// <summary>Dimensions of a patch code.</summary>
    public int PatchCodeDimensions { get; init; } = 8;

    /// <summary>The holistic branch; null in the vanilla family.</summary>
    public HolisticConfig? Holistic { get; init; }

    /// <summary>Pixels of a patch's side: 16 for five levels, 8 for four.</summary>
    [JsonIgnore]
    public int PatchSize => 1 << (ChannelMultipliers.Count - 1);

    /// <summary>Patches along a side of the native image: the side of the position tables.</summary>
    [JsonIgnore]
    public int GridSide => ImageSize / PatchSize;

    /// <summary>Holistic tokens M of an image; 0 in the vanilla family.</summary>
    [JsonIgnore]
    public int HolisticTokenCount => Holistic?.TokenCount ?? 0;

    /// <summary>Why images cannot be encoded on this machine, and what to do: the semantic encoder's weights are not here. Null where they are.</summary>
    internal string? EncoderAbsence => Holistic?.SemanticEncoder?.Absence;

    /// <summary>Checks every field.</summary>
    /// <returns>The configuration itself.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public TokenizerConfig Validate()
    {
        var faults = new FaultCollector();
        faults.Require(ModelType == TypeName, $"model_type is '{ModelType}', a tokenizer's is '{TypeName}'");
        faults.Require(ChannelMultipliers.Count is >= 1 and <= 8, $"channel_multipliers has {ChannelMultipliers.Count} levels, 1 to 8 are possible");
        faults.Require(ChannelMultipliers.All(static m => m is > 0 and <= 64), $"channel_multipliers must lie in 1 to 64");
        faults.Multiple(BaseChannels, 32, 4096, "base_channels");
        faults.Range(ResidualBlocks, 1, 16, "residual_blocks");
        faults.Require(NormGroups > 0 && BaseChannels % Math.Max(NormGroups, 1) == 0, $"norm_groups is {NormGroups}, it must divide base_channels ({BaseChannels})");
        faults.Range(LatentChannels, 1, 65536, "latent_channels");
        faults.Range(CodebookSize, 2, 1 << 20, "codebook_size");
        faults.Range(PatchCodeDimensions, 1, 4096, "patch_code_dimensions");
        if (ChannelMultipliers.Count is >= 1 and <= 8)
            faults.Multiple(ImageSize, PatchSize, 16384, "image_size");
        Holistic?.CollectFaults(faults.Within("holistic."), LatentChannels);
        return faults.Checked(this, "The tokenizer configuration");
    }

    /// <inheritdoc/>
    public bool Equals(TokenizerConfig? other) =>
        other is not null && ConfigJson.Write(this) == ConfigJson.Write(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ImageSize, BaseChannels, LatentChannels, CodebookSize, HolisticTokenCount);
}

/// <summary>The holistic branch of a tokenizer: learned queries, two mixing transformers and a fusing one.</summary>
public sealed record HolisticConfig
{
    /// <summary>Learned queries, and so holistic codes, M (published: 128).</summary>
    public required int TokenCount { get; init; }

    /// <summary>Dimensions of a holistic code (published: 12).</summary>
    public int CodeDimensions { get; init; } = 12;

    /// <summary>Width D of the transformers; equals the tokenizer's latent channels.</summary>
    public required int Width { get; init; }

    /// <summary>Layers of each of the three transformers (published: 3).</summary>
    public required int Depth { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of a head; heads × this need not equal the width.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>The nominal hidden width of the feed-forward part, before SwiGLU's two thirds (published: 2048).</summary>
    public required int MlpWidth { get; init; }

    /// <summary>How many of the last holistic outputs k open the decoder's input (published: 4). 0 … <see cref="TokenCount"/>.</summary>
    public required int Shift { get; init; }

    /// <summary>Whether the semantic reconstruction head is there (Hita-U; it is used in training only).</summary>
    public bool SemanticReconstruction { get; init; }

    /// <summary>The frozen semantic encoder; null for a tokenizer trained without one.</summary>
    public SemanticEncoderConfig? SemanticEncoder { get; init; }

    /// <summary>Hidden width of the SwiGLU: two thirds of <see cref="MlpWidth"/>, rounded up to a multiple of 8.</summary>
    [JsonIgnore]
    public int HiddenWidth => ((int)(MlpWidth * 2 / 3.0) + 7) / 8 * 8;

    internal void CollectFaults(FaultCollector faults, int latentChannels)
    {
        faults.Range(TokenCount, 1, 65536, "token_count");
        faults.Range(CodeDimensions, 1, 4096, "code_dimensions");
        faults.Range(Width, 1, 65536, "width");
        faults.Require(Width == latentChannels, $"width is {Width}, it must equal latent_channels ({latentChannels})");
        faults.Range(Depth, 1, 256, "depth");
        faults.Range(Heads, 1, 1024, "heads");
        faults.Range(HeadWidth, 1, 4096, "head_width");
        faults.Range(MlpWidth, 1, 1 << 20, "mlp_width");
        faults.Require(Shift >= 0 && Shift <= TokenCount, $"shift is {Shift}, 0 to token_count ({TokenCount}) are possible");
        faults.Require(!SemanticReconstruction || SemanticEncoder is not null, $"semantic_reconstruction needs a holistic.semantic_encoder");
        SemanticEncoder?.CollectFaults(faults.Within("semantic_encoder."));
    }
}
