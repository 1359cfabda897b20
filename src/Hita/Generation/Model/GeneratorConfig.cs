using System.Text.Json.Serialization;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Generation.Model;

/// <summary>The architecture of an autoregressive generator of codes.</summary>
/// <remarks>With <see cref="HolisticTokenCount"/> 0 it is the vanilla (LlamaGen) family's.</remarks>
public sealed record GeneratorConfig
{
    /// <summary>The value of <see cref="ModelType"/> in every generator's <c>config.json</c>.</summary>
    public const string TypeName = "hita-generator";

    /// <summary>Marks the file as a generator's configuration.</summary>
    [JsonPropertyOrder(-2)]
    public string ModelType { get; init; } = TypeName;

    /// <summary>The preset it was made from, for messages and listings only; null for a custom architecture.</summary>
    [JsonPropertyOrder(-1)]
    public string? Preset { get; init; }

    /// <summary>Width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads; they divide the width, and a head's width is a multiple of 4.</summary>
    public required int Heads { get; init; }

    /// <summary>Entries V of each codebook.</summary>
    public int CodebookSize { get; init; } = 16384;

    /// <summary>Holistic tokens M that precede the patches; 0 in the vanilla family.</summary>
    public int HolisticTokenCount { get; init; }

    /// <summary>Rows H of the patch grid.</summary>
    public required int GridHeight { get; init; }

    /// <summary>Columns W of the patch grid.</summary>
    public required int GridWidth { get; init; }

    /// <summary>Number of classes; the table has one row more, for "no class".</summary>
    public int ClassCount { get; init; } = 1000;

    /// <summary>Patch tokens N = H · W.</summary>
    [JsonIgnore]
    public int PatchTokenCount => GridHeight * GridWidth;

    /// <summary>Tokens M + N of an image. Positions run from 0 (the class) to this, exclusive.</summary>
    [JsonIgnore]
    public int SequenceLength => HolisticTokenCount + PatchTokenCount;

    /// <summary>Width of a head.</summary>
    [JsonIgnore]
    public int HeadWidth => Width / Heads;

    /// <summary>Hidden width of the feed-forward part: ⌊8·width/3⌋ rounded up to a multiple of 256.</summary>
    [JsonIgnore]
    public int HiddenWidth => ((8 * Width / 3) + 255) / 256 * 256;

    /// <summary>Rows of the output matrix: a head for each kind of token.</summary>
    [JsonIgnore]
    public int OutputSize => HolisticTokenCount > 0 ? 2 * CodebookSize : CodebookSize;

    /// <summary>
    /// How many of the last patch codes no image shows that a tokenizer decodes, so that they need not be sampled: its shift k, for
    /// the decoder's input is shifted by so many. One patch code is always sampled.
    /// </summary>
    /// <param name="tokenizer">The tokenizer that decodes the codes.</param>
    /// <returns>0 to <see cref="PatchTokenCount"/> − 1.</returns>
    public int UnseenPatchesOf(TokenizerConfig tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Math.Min(tokenizer.Holistic?.Shift ?? 0, PatchTokenCount - 1);
    }

    /// <summary>Checks every field.</summary>
    /// <returns>The configuration itself.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public GeneratorConfig Validate()
    {
        var faults = new FaultCollector();
        faults.Require(ModelType == TypeName, $"model_type is '{ModelType}', a generator's is '{TypeName}'");
        faults.Range(Width, 1, 65536, "width");
        faults.Range(Layers, 1, 512, "layers");
        faults.Require(Heads is > 0 and <= 1024 && Width % Math.Max(Heads, 1) == 0, $"heads is {Heads}, it must divide the width ({Width})");
        if (Heads > 0 && Width % Heads == 0)
            faults.Require(HeadWidth % 4 == 0, $"a head is {HeadWidth} wide, the two-dimensional rotary table needs a multiple of 4");
        faults.Range(CodebookSize, 2, 1 << 20, "codebook_size");
        faults.Range(HolisticTokenCount, 0, 65536, "holistic_token_count");
        faults.Range(GridHeight, 1, 1024, "grid_height");
        faults.Range(GridWidth, 1, 1024, "grid_width");
        faults.Range(ClassCount, 1, 1 << 20, "class_count");
        return faults.Checked(this, "The generator configuration");
    }
}
