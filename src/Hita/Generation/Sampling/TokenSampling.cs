using System.Text.Json.Serialization;
using Hita.Runtime;

namespace Hita.Generation.Sampling;

/// <summary>How one token is sampled from its logits. The filters apply in the order of the properties.</summary>
public sealed record TokenSampling
{
    /// <summary>The smallest number that logits are divided by.</summary>
    public const float SmallestTemperature = 1e-5f;

    /// <summary>Always the best token, whatever the other settings.</summary>
    public static TokenSampling Greedy { get; } = new() { Temperature = 0 };

    /// <summary>
    /// What the logits are divided by, at least 0. Below 1 the likely tokens become likelier; 0 takes the best token (the first
    /// one where several are equal) and uses no random number. Default 1.
    /// </summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Only this many best tokens remain, and those equal to the last of them; 0 keeps all. Default 0.</summary>
    public int TopK { get; init; }

    /// <summary>
    /// From the best token downwards, tokens remain until their probability passes this share, 0 to 1, the one that passes it
    /// included; of equal tokens the first come first. 1 keeps all, 0 only the best. Default 1.
    /// </summary>
    public float TopP { get; init; } = 1;

    /// <summary>Tokens less likely than this share, 0 to 1, of the likeliest are dropped; 0 keeps all. Default 0.</summary>
    public float MinP { get; init; }

    /// <summary>Whether the best token is always taken.</summary>
    [JsonIgnore]
    public bool IsGreedy => Temperature == 0;

    /// <summary>Collects what is wrong with these settings.</summary>
    internal void AddFaults(FaultCollector faults)
    {
        faults.Require(Temperature >= 0 && float.IsFinite(Temperature), $"temperature is {Temperature}, a number from 0 (greedy) upwards is possible");
        faults.Require(TopK >= 0, $"top-k is {TopK}, a count from 0 (all) upwards is possible");
        faults.Require(TopP is >= 0 and <= 1, $"top-p is {TopP}, 0 (the best token) to 1 (all) are possible");
        faults.Require(MinP is >= 0 and <= 1, $"min-p is {MinP}, 0 (all) to 1 are possible");
    }
}
