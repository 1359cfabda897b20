using System.Text.Json.Serialization;

namespace Hita.Server.OpenAi;

/// <summary>The images of an answer.</summary>
internal sealed record ImagesAnswer
{
    [JsonPropertyName("created")]
    public required long Created { get; init; }

    [JsonPropertyName("data")]
    public required IReadOnlyList<ImageAnswer> Data { get; init; }

    [JsonPropertyName("background")]
    public string Background { get; init; } = "opaque";

    [JsonPropertyName("output_format")]
    public required string OutputFormat { get; init; }

    [JsonPropertyName("size")]
    public required string Size { get; init; }

    [JsonPropertyName("quality")]
    public string Quality { get; init; } = "high";

    [JsonPropertyName("usage")]
    public required UsageAnswer Usage { get; init; }

    /// <summary>An addition to OpenAI's fields: the seed, by which the same images can be had again.</summary>
    [JsonPropertyName("seed")]
    public required ulong Seed { get; init; }

    /// <summary>An addition to OpenAI's fields: the model that answered.</summary>
    [JsonPropertyName("model")]
    public required string Model { get; init; }
}

/// <summary>One image of an answer.</summary>
internal sealed record ImageAnswer
{
    [JsonPropertyName("b64_json")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Base64 { get; init; }

    [JsonPropertyName("url")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Url { get; init; }

    /// <summary>The name of the class that was generated.</summary>
    [JsonPropertyName("revised_prompt")]
    public required string RevisedPrompt { get; init; }

    /// <summary>An addition to OpenAI's fields: the seed of this image.</summary>
    [JsonPropertyName("seed")]
    public required ulong Seed { get; init; }

    /// <summary>An addition to OpenAI's fields: the number of this image under the seed.</summary>
    [JsonPropertyName("image")]
    public required long Image { get; init; }
}

/// <summary>What an answer took, in tokens.</summary>
/// <param name="InputTokens">Classes that were read.</param>
/// <param name="OutputTokens">Tokens that were sampled.</param>
/// <param name="TotalTokens">Both.</param>
/// <param name="Details">Of what kind the input was.</param>
internal sealed record UsageAnswer(
    [property: JsonPropertyName("input_tokens")] long InputTokens,
    [property: JsonPropertyName("output_tokens")] long OutputTokens,
    [property: JsonPropertyName("total_tokens")] long TotalTokens,
    [property: JsonPropertyName("input_tokens_details")] UsageDetails Details);

/// <summary>Of what kind an input was.</summary>
/// <param name="TextTokens">Text.</param>
/// <param name="ImageTokens">Images.</param>
internal sealed record UsageDetails(
    [property: JsonPropertyName("text_tokens")] long TextTokens,
    [property: JsonPropertyName("image_tokens")] long ImageTokens);

/// <summary>An unfinished or a finished image of a stream.</summary>
internal sealed record ImageEvent
{
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    [JsonPropertyName("b64_json")]
    public required string Base64 { get; init; }

    [JsonPropertyName("created_at")]
    public required long CreatedAt { get; init; }

    [JsonPropertyName("size")]
    public required string Size { get; init; }

    [JsonPropertyName("quality")]
    public string Quality { get; init; } = "high";

    [JsonPropertyName("background")]
    public string Background { get; init; } = "opaque";

    [JsonPropertyName("output_format")]
    public required string OutputFormat { get; init; }

    [JsonPropertyName("partial_image_index")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PartialImageIndex { get; init; }

    [JsonPropertyName("usage")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UsageAnswer? Usage { get; init; }

    /// <summary>An addition to OpenAI's fields: which of the images it is of, from 0.</summary>
    [JsonPropertyName("index")]
    public required int Index { get; init; }

    /// <summary>An addition to OpenAI's fields: the seed.</summary>
    [JsonPropertyName("seed")]
    public required ulong Seed { get; init; }
}

/// <summary>A model in OpenAI's shape.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Created">When it was loaded, in seconds since 1970.</param>
internal sealed record ModelObject([property: JsonPropertyName("id")] string Id, [property: JsonPropertyName("created")] long Created)
{
    [JsonPropertyName("object")]
    public string Object { get; init; } = "model";

    [JsonPropertyName("owned_by")]
    public string OwnedBy { get; init; } = "hita";
}

/// <summary>Models in OpenAI's shape.</summary>
/// <param name="Data">The models.</param>
internal sealed record ModelList([property: JsonPropertyName("data")] IReadOnlyList<ModelObject> Data)
{
    [JsonPropertyName("object")]
    public string Object { get; init; } = "list";
}
