using System.Text.Json.Serialization;
using Hita.Layers;
using Hita.Runtime;

namespace Hita.Tokenization.Model;

/// <summary>The feed-forward part of a vision transformer's blocks.</summary>
public enum FeedForwardKind
{
    /// <summary>Two linear layers around an exact GELU (<c>mlp.fc1</c>, <c>mlp.fc2</c>).</summary>
    Gelu,

    /// <summary>A gated SiLU (<c>mlp.w12</c>, <c>mlp.w3</c>), as in the giant model.</summary>
    SwiGlu,
}

/// <summary>A DINOv2 vision transformer, the published choice. Its weights are stored with the tokenizer.</summary>
public sealed record Dinov2Config : SemanticEncoderConfig
{
    /// <summary>Width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Depth { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Hidden width of the feed-forward part.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>The kind of feed-forward part.</summary>
    public FeedForwardKind FeedForward { get; init; }

    /// <summary>Register tokens: 4, or 0 for the first release of the models.</summary>
    public int Registers { get; init; } = 4;

    /// <summary>Pixels of a patch's side.</summary>
    public int PatchSize { get; init; } = 14;

    /// <summary>Side of the stored position table, in patches.</summary>
    public int TableSide { get; init; } = 37;

    /// <summary>Side of the image given to it, in pixels.</summary>
    public override int InputSize { get; init; } = 224;

    /// <summary>Patches along a side of its input: 16.</summary>
    [JsonIgnore]
    public override int GridSide => InputSize / PatchSize;

    /// <inheritdoc/>
    [JsonIgnore]
    public override int TokenWidth => Width;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Description => $"DINOv2, {Width} wide, {Depth} deep";

    internal override bool IsStored => true;

    // Every token passes every weight, and looks at every token: scores and sums.
    internal override double Operations
    {
        get
        {
            double patches = (double)GridSide * GridSide, tokens = 1 + Registers + patches;
            var matrices = FeedForward == FeedForwardKind.SwiGlu ? 3 : 2;
            var weights = (4.0 * Width * Width) + ((double)matrices * HiddenWidth * Width);
            return (2 * patches * 3 * PatchSize * PatchSize * Width) + (Depth * ((2 * tokens * weights) + (4 * tokens * tokens * Width)));
        }
    }

    internal override SemanticEncoder Create(Placement placement) => new Dinov2Encoder(this, placement);

    internal override void CollectFaults(FaultCollector faults)
    {
        faults.Require(
            Width is > 0 and <= 65536 && Heads is > 0 and <= 1024 && Width % Math.Max(Heads, 1) == 0,
            $"width is {Width} with {Heads} heads, the heads must divide the width");
        faults.Range(Depth, 1, 256, "depth");
        faults.Range(HiddenWidth, 1, 1 << 20, "hidden_width");
        faults.OneOf(FeedForward, "feed_forward");
        faults.Range(Registers, 0, 64, "registers");
        faults.Require(
            PatchSize is > 0 and <= 64 && InputSize is > 0 and <= 4096 && InputSize % Math.Max(PatchSize, 1) == 0,
            $"input_size is {InputSize}, it must be a multiple of patch_size ({PatchSize})");
        faults.Range(TableSide, 1, 1024, "table_side");
    }
}
