using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Server.Native;

/// <summary>How a guidance scale runs over the tokens, as a request says it.</summary>
internal enum ScheduleWord
{
    Constant,
    Linear,
    Cosine,
}

/// <summary>Which model a request wants.</summary>
internal record ModelFields
{
    [JsonPropertyName("model")]
    public string? Model { get; init; }

    [JsonPropertyName("precision")]
    public Precision? Precision { get; init; }
}

/// <summary>How codes are sampled. What is left out stays as the model has it.</summary>
internal record SamplingFields : ModelFields
{
    // Programs in JavaScript hold whole numbers up to 2⁵³ exactly.
    private const ulong MaxRandomSeed = 1UL << 53;

    [JsonPropertyName("seed")]
    public ulong? Seed { get; init; }

    [JsonPropertyName("first_image")]
    public long FirstImage { get; init; }

    [JsonPropertyName("cfg_scale")]
    public float? CfgScale { get; init; }

    [JsonPropertyName("cfg_interval")]
    public int? CfgInterval { get; init; }

    [JsonPropertyName("cfg_schedule")]
    public ScheduleWord? CfgSchedule { get; init; }

    [JsonPropertyName("temperature")]
    public float? Temperature { get; init; }

    [JsonPropertyName("top_k")]
    public int? TopK { get; init; }

    [JsonPropertyName("top_p")]
    public float? TopP { get; init; }

    [JsonPropertyName("min_p")]
    public float? MinP { get; init; }

    [JsonPropertyName("holistic_temperature")]
    public float? HolisticTemperature { get; init; }

    [JsonPropertyName("holistic_top_k")]
    public int? HolisticTopK { get; init; }

    [JsonPropertyName("holistic_top_p")]
    public float? HolisticTopP { get; init; }

    [JsonPropertyName("holistic_min_p")]
    public float? HolisticMinP { get; init; }

    [JsonPropertyName("boundary")]
    public BoundaryMode Boundary { get; init; }

    /// <summary>The seed that was asked for, or a new one.</summary>
    public static ulong SeedOf(ulong? asked)
    {
        if (asked is { } seed)
            return seed;
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) % MaxRandomSeed;
    }

    /// <summary>The settings, checked.</summary>
    public SamplingOptions SamplingOver(SamplingOptions own) => new SamplingOverrides
    {
        Scale = CfgScale,
        Interval = CfgInterval,
        Schedule = CfgSchedule switch
        {
            ScheduleWord.Constant => GuidanceSchedule.Constant,
            ScheduleWord.Linear => GuidanceSchedule.Linear,
            ScheduleWord.Cosine => GuidanceSchedule.Cosine,
            _ => null,
        },
        Temperature = Temperature,
        TopK = TopK,
        TopP = TopP,
        MinP = MinP,
        HolisticTemperature = HolisticTemperature,
        HolisticTopK = HolisticTopK,
        HolisticTopP = HolisticTopP,
        HolisticMinP = HolisticMinP,
    }.Over(own);
}
