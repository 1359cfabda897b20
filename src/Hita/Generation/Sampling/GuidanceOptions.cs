using System.Text.Json.Serialization;
using Hita.Runtime;

namespace Hita.Generation.Sampling;

/// <summary>How the guidance scale runs over the tokens of an image.</summary>
public enum GuidanceSchedule
{
    /// <summary>The same scale at every token.</summary>
    Constant,

    /// <summary>The same scale up to the end of an interval, none after it.</summary>
    Interval,

    /// <summary>From 1 at the first token in equal steps to the scale at the last.</summary>
    Linear,

    /// <summary>From 1 at the first token to the scale at the last along half a cosine wave: slow at both ends.</summary>
    Cosine,
}

/// <summary>Classifier-free guidance: logits are moved away from those that the model gives for "no class".</summary>
public sealed record GuidanceOptions
{
    /// <summary>
    /// The scale s of <c>uncond + s · (cond − uncond)</c>, at least 0. Up to 1 there is no guidance and no second sequence is
    /// decoded. Default 1.
    /// </summary>
    public float Scale { get; init; } = 1;

    /// <summary>How the scale runs over the tokens. Default constant.</summary>
    public GuidanceSchedule Schedule { get; init; }

    /// <summary>
    /// The published sampler's step counter c at which an interval ends: tokens 0 … c + 1 are guided, −1 guides all. Only for
    /// <see cref="GuidanceSchedule.Interval"/>. Default −1.
    /// </summary>
    public int IntervalEnd { get; init; } = -1;

    /// <summary>Whether any token is guided.</summary>
    [JsonIgnore]
    public bool IsActive => Scale > 1;

    /// <summary>The scale for one token; guidance applies where it is above 1.</summary>
    /// <param name="token">The token, 0 for the first holistic code.</param>
    /// <param name="tokenCount">Tokens of a whole image, M + N.</param>
    public float ScaleAt(int token, int tokenCount)
    {
        if (!IsActive || token >= GuidedTokenCount(tokenCount))
            return 1;
        var along = tokenCount > 1 ? token / (double)(tokenCount - 1) : 1;
        return Schedule switch
        {
            GuidanceSchedule.Linear => (float)(1 + ((Scale - 1) * along)),
            GuidanceSchedule.Cosine => (float)(1 + ((Scale - 1) * (1 - Math.Cos(Math.PI * along)) / 2)),
            _ => Scale,
        };
    }

    /// <summary>The first token that needs no unconditional logits any more, nor does any after it.</summary>
    /// <param name="tokenCount">Tokens of a whole image, M + N.</param>
    /// <returns>0 without guidance, <paramref name="tokenCount"/> where it lasts to the end.</returns>
    public int GuidedTokenCount(int tokenCount)
    {
        if (!IsActive)
            return 0;
        return Schedule == GuidanceSchedule.Interval && IntervalEnd >= 0
            ? (int)Math.Min(IntervalEnd + 2L, tokenCount)
            : tokenCount;
    }

    /// <summary>Collects what is wrong with these settings.</summary>
    internal void AddFaults(FaultCollector faults)
    {
        faults.Require(Scale >= 0 && float.IsFinite(Scale), $"scale is {Scale}, a number from 0 upwards is possible (up to 1: no guidance)");
        faults.OneOf(Schedule, "schedule");
        faults.Require(IntervalEnd >= -1, $"interval ends at {IntervalEnd}, -1 (never) and steps from 0 are possible");
        faults.Require(
            IntervalEnd < 0 || Schedule == GuidanceSchedule.Interval,
            $"interval ends at {IntervalEnd}, which only the interval schedule obeys, not {EnumWords.Of(Schedule)}");
    }
}
