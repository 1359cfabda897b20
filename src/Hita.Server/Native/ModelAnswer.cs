using System.Text.Json.Serialization;
using Hita.Generation.Sampling;
using Hita.Runtime;
using Hita.Server.Jobs;

namespace Hita.Server.Native;

/// <summary>A model as clients see it.</summary>
internal sealed record ModelAnswer
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("width")]
    public required int Width { get; init; }

    [JsonPropertyName("height")]
    public required int Height { get; init; }

    [JsonPropertyName("classes")]
    public required int Classes { get; init; }

    [JsonPropertyName("holistic_tokens")]
    public required int HolisticTokens { get; init; }

    [JsonPropertyName("patch_tokens")]
    public required int PatchTokens { get; init; }

    [JsonPropertyName("codebook_size")]
    public required int CodebookSize { get; init; }

    [JsonPropertyName("precision")]
    public required Precision Precision { get; init; }

    [JsonPropertyName("decoder_precision")]
    public required Precision DecoderPrecision { get; init; }

    [JsonPropertyName("can_edit")]
    public required bool CanEdit { get; init; }

    [JsonPropertyName("generator")]
    public required string Generator { get; init; }

    [JsonPropertyName("tokenizer")]
    public required string Tokenizer { get; init; }

    /// <summary>How its tokens are sampled where a request does not say.</summary>
    [JsonPropertyName("sampling")]
    public required SamplingOptions Sampling { get; init; }

    public static ModelAnswer Of(ServedModel model)
    {
        var (generator, tokenizer) = (model.Pipeline.Generator, model.Pipeline.Tokenizer);
        return new ModelAnswer
        {
            Id = model.Id,
            Width = model.Pipeline.Width,
            Height = model.Pipeline.Height,
            Classes = generator.Config.ClassCount,
            HolisticTokens = generator.Config.HolisticTokenCount,
            PatchTokens = generator.Config.PatchTokenCount,
            CodebookSize = generator.Config.CodebookSize,
            Precision = generator.Precision,
            DecoderPrecision = tokenizer.Precision,
            CanEdit = tokenizer.CanEncode,
            Generator = generator.ModelHash,
            Tokenizer = tokenizer.ModelHash,
            Sampling = generator.Sampling,
        };
    }
}

/// <summary>A class as clients see it.</summary>
/// <param name="Number">By which it is asked for.</param>
/// <param name="Name">Its usual name, or its number as text.</param>
/// <param name="Synonyms">All its names.</param>
internal sealed record ClassAnswer(
    [property: JsonPropertyName("number")] int Number,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("synonyms")] IReadOnlyList<string> Synonyms);

/// <summary>What the server does at the moment.</summary>
/// <param name="Ready">Whether requests can be answered.</param>
/// <param name="Stopping">Whether it finishes what it has and takes no more.</param>
/// <param name="Queued">Images that wait or run.</param>
/// <param name="MaxQueue">How many may.</param>
/// <param name="MaxImages">Images that one request may ask for.</param>
/// <param name="MaxPixels">Pixels of an uploaded image.</param>
/// <param name="MaxBodyBytes">Bytes of a body.</param>
/// <param name="MaxSeconds">Seconds for one request or job.</param>
internal sealed record StatusAnswer(
    [property: JsonPropertyName("ready")] bool Ready,
    [property: JsonPropertyName("stopping")] bool Stopping,
    [property: JsonPropertyName("queued_images")] int Queued,
    [property: JsonPropertyName("max_queue")] int MaxQueue,
    [property: JsonPropertyName("max_images")] int MaxImages,
    [property: JsonPropertyName("max_pixels")] long MaxPixels,
    [property: JsonPropertyName("max_body_bytes")] long MaxBodyBytes,
    [property: JsonPropertyName("max_seconds")] double MaxSeconds);
