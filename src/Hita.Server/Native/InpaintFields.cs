using System.Text.Json.Serialization;
using Hita.Editing;
using Hita.Server.Requests;

namespace Hita.Server.Native;

/// <summary>How a part of an image is regenerated.</summary>
internal record FillFields : SamplingFields
{
    [JsonPropertyName("image")]
    public required Upload Image { get; init; }

    [JsonPropertyName("class")]
    public ClassWords? Class { get; init; }

    [JsonPropertyName("candidates")]
    public int Candidates { get; init; } = 4;

    [JsonPropertyName("passes")]
    public int Passes { get; init; } = 2;

    [JsonPropertyName("holistic")]
    public HolisticSource Holistic { get; init; }

    [JsonPropertyName("codes")]
    public SampledCodes Codes { get; init; }

    [JsonPropertyName("feather")]
    public double? Feather { get; init; }

    [JsonPropertyName("window")]
    public int? Window { get; init; }

    [JsonPropertyName("keep_candidates")]
    public bool KeepCandidates { get; init; }

    public InpaintOptions Options(EditSamplingOptions sampling) => new()
    {
        Sampling = sampling,
        Candidates = Candidates,
        Passes = Passes,
        Holistic = Holistic,
        Codes = Codes,
        Feather = Feather,
        WindowSide = Window,
        KeepCandidates = KeepCandidates,
    };
}

/// <summary>Regenerate the part of an image that a mask, a box or the lower half marks.</summary>
internal sealed record InpaintFields : FillFields
{
    [JsonPropertyName("mask")]
    public Upload? Mask { get; init; }

    [JsonPropertyName("box")]
    public string? Box { get; init; }

    [JsonPropertyName("lower_half")]
    public bool LowerHalf { get; init; }
}

/// <summary>Extend an image beyond its edges.</summary>
internal sealed record OutpaintFields : FillFields
{
    [JsonPropertyName("left")]
    public int Left { get; init; }

    [JsonPropertyName("top")]
    public int Top { get; init; }

    [JsonPropertyName("right")]
    public int Right { get; init; }

    [JsonPropertyName("bottom")]
    public int Bottom { get; init; }
}

/// <summary>Regenerate a box of an image as part of another class.</summary>
internal sealed record EditClassFields : FillFields
{
    [JsonPropertyName("box")]
    public required string Box { get; init; }
}
