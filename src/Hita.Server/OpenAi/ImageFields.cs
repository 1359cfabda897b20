using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Server.Requests;

namespace Hita.Server.OpenAi;

/// <summary>The fields that both of OpenAI's image routes have. Some are taken and change nothing, so that clients that always send them work.</summary>
internal record ImageFields
{
    /// <summary>The class: a name, a number, or several separated by commas.</summary>
    [JsonPropertyName("prompt")]
    public required string Prompt { get; init; }

    [JsonPropertyName("model")]
    public string? Model { get; init; }

    [JsonPropertyName("n")]
    public int? N { get; init; }

    /// <summary><c>auto</c> for the model's own size, or WIDTHxHEIGHT, to which the image is resized.</summary>
    [JsonPropertyName("size")]
    public string? Size { get; init; }

    [JsonPropertyName("output_format")]
    public OutputFormat? OutputFormat { get; init; }

    [JsonPropertyName("output_compression")]
    public int? OutputCompression { get; init; }

    [JsonPropertyName("response_format")]
    public ResponseFormatWord? ResponseFormat { get; init; }

    [JsonPropertyName("stream")]
    public bool? Stream { get; init; }

    [JsonPropertyName("partial_images")]
    public int? PartialImages { get; init; }

    /// <summary>An addition to OpenAI's fields: the seed; a new one where it is left out. The answer has it too.</summary>
    [JsonPropertyName("seed")]
    public ulong? Seed { get; init; }

    [JsonPropertyName("background")]
    public string? Background { get; init; }

    [JsonPropertyName("quality")]
    public string? Quality { get; init; }

    [JsonPropertyName("style")]
    public string? Style { get; init; }

    [JsonPropertyName("moderation")]
    public string? Moderation { get; init; }

    [JsonPropertyName("input_fidelity")]
    public string? InputFidelity { get; init; }

    [JsonPropertyName("user")]
    public string? User { get; init; }
}

/// <summary>How an image is returned, in OpenAI's words.</summary>
[JsonConverter(typeof(ResponseFormatConverter))]
internal enum ResponseFormatWord
{
    B64Json,
    Url,
}

/// <summary>Reads <c>b64_json</c>, which no rule for names makes.</summary>
internal sealed class ResponseFormatConverter : JsonConverter<ResponseFormatWord>
{
    public override ResponseFormatWord Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (reader.TokenType == JsonTokenType.String ? reader.GetString() : null) switch
        {
            "b64_json" => ResponseFormatWord.B64Json,
            "url" => ResponseFormatWord.Url,
            _ => throw new JsonException("the word must be b64_json or url"),
        };

    public override void Write(Utf8JsonWriter writer, ResponseFormatWord value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value == ResponseFormatWord.Url ? "url" : "b64_json");
}

/// <summary>Edit an image.</summary>
internal sealed record EditFields : ImageFields
{
    [JsonPropertyName("image")]
    public required Upload Image { get; init; }

    /// <summary>What is to be regenerated; where it is left out, the transparent part of the image.</summary>
    [JsonPropertyName("mask")]
    public Upload? Mask { get; init; }
}
