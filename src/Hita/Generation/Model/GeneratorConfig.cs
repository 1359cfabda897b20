using System.Text.Json.Serialization;
using Hita.Runtime;

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

    /// <summary>Checks every field.</summary>
    /// <returns>The configuration itself.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public GeneratorConfig Validate()
    {
        var faults = new List<string>();
        void Require(bool ok, string fault)
        {
            if (!ok)
                faults.Add(fault);
        }

        Require(ModelType == TypeName, $"model_type is '{ModelType}', a generator's is '{TypeName}'");
        Require(Width is > 0 and <= 65536, $"width is {Width}, 1 to 65536 are possible");
        Require(Layers is > 0 and <= 512, $"layers is {Layers}, 1 to 512 are possible");
        Require(Heads is > 0 and <= 1024 && Width % Math.Max(Heads, 1) == 0, $"heads is {Heads}, it must divide the width ({Width})");
        if (Heads > 0 && Width % Heads == 0)
            Require(HeadWidth % 4 == 0, $"a head is {HeadWidth} wide, the two-dimensional rotary table needs a multiple of 4");
        Require(CodebookSize is > 1 and <= 1 << 20, $"codebook_size is {CodebookSize}, 2 to 1048576 are possible");
        Require(HolisticTokenCount is >= 0 and <= 65536, $"holistic_token_count is {HolisticTokenCount}, 0 to 65536 are possible");
        Require(GridHeight is > 0 and <= 1024, $"grid_height is {GridHeight}, 1 to 1024 are possible");
        Require(GridWidth is > 0 and <= 1024, $"grid_width is {GridWidth}, 1 to 1024 are possible");
        Require(ClassCount is > 0 and <= 1 << 20, $"class_count is {ClassCount}, 1 to 1048576 are possible");
        return faults.Count == 0 ? this : throw new ConfigException("The generator configuration", faults);
    }
}
