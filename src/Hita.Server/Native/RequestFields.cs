using System.Text.Json.Serialization;
using Hita.Editing;
using Hita.Server.Operations;
using Hita.Server.Requests;

namespace Hita.Server.Native;

/// <summary>Generate images of classes.</summary>
internal sealed record GenerateFields : SamplingFields
{
    [JsonPropertyName("class")]
    public required ClassWords Class { get; init; }

    [JsonPropertyName("count")]
    public int Count { get; init; } = 1;

    [JsonPropertyName("previews")]
    public int Previews { get; init; }
}

/// <summary>Make a generated PNG again from the settings that it carries.</summary>
internal sealed record ReplayFields
{
    [JsonPropertyName("image")]
    public required Upload Image { get; init; }
}

/// <summary>Turn an image into codes, or into codes and back.</summary>
internal sealed record EncodeFields : ModelFields
{
    [JsonPropertyName("image")]
    public required Upload Image { get; init; }

    [JsonPropertyName("width")]
    public int? Width { get; init; }

    [JsonPropertyName("height")]
    public int? Height { get; init; }

    [JsonPropertyName("fit")]
    public FitMode Fit { get; init; }
}

/// <summary>Turn codes into an image.</summary>
internal sealed record DecodeFields : ModelFields
{
    [JsonPropertyName("holistic")]
    public IReadOnlyList<int> Holistic { get; init; } = [];

    [JsonPropertyName("patches")]
    public required IReadOnlyList<int> Patches { get; init; }

    [JsonPropertyName("grid_height")]
    public required int GridHeight { get; init; }

    [JsonPropertyName("grid_width")]
    public required int GridWidth { get; init; }

    [JsonPropertyName("tokenizer")]
    public string? Tokenizer { get; init; }
}

/// <summary>Render one image in the style of another.</summary>
internal sealed record StyleFields : ModelFields
{
    [JsonPropertyName("content")]
    public required Upload Content { get; init; }

    [JsonPropertyName("style")]
    public required Upload Style { get; init; }

    [JsonPropertyName("strength")]
    public double Strength { get; init; } = 1;

    [JsonPropertyName("method")]
    public StyleMethod Method { get; init; }

    [JsonPropertyName("order")]
    public StyleOrder Order { get; init; }

    [JsonPropertyName("keep_opening")]
    public bool KeepOpening { get; init; }

    [JsonPropertyName("whole_shape")]
    public bool WholeShape { get; init; }

    public StyleOptions Options => new()
    {
        Strength = Strength,
        Method = Method,
        KeepOpening = KeepOpening,
        Order = Order,
    };
}

/// <summary>Generate variations of an image.</summary>
internal sealed record VaryFields : SamplingFields
{
    [JsonPropertyName("image")]
    public required Upload Image { get; init; }

    [JsonPropertyName("keep")]
    public VariationKeep Keep { get; init; }

    [JsonPropertyName("class")]
    public ClassWords? Class { get; init; }

    [JsonPropertyName("count")]
    public int Count { get; init; } = 4;
}

/// <summary>Morph one image into another.</summary>
internal sealed record MorphFields : ModelFields
{
    [JsonPropertyName("from")]
    public required Upload From { get; init; }

    [JsonPropertyName("to")]
    public required Upload To { get; init; }

    [JsonPropertyName("frames")]
    public int Frames { get; init; } = 24;

    [JsonPropertyName("patches")]
    public MorphPatches Patches { get; init; }

    [JsonPropertyName("quantize")]
    public bool Quantize { get; init; }

    [JsonPropertyName("back")]
    public bool Back { get; init; }

    [JsonPropertyName("milliseconds")]
    public int Milliseconds { get; init; } = 80;
}

/// <summary>Find out what each holistic code of an image does.</summary>
internal sealed record ExploreFields : ModelFields
{
    [JsonPropertyName("image")]
    public required Upload Image { get; init; }

    [JsonPropertyName("swap_with")]
    public Upload? SwapWith { get; init; }

    [JsonPropertyName("codes")]
    public IReadOnlyList<int>? Codes { get; init; }
}
