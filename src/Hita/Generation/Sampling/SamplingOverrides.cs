namespace Hita.Generation.Sampling;

/// <summary>Settings that someone asked for, of which those left out stay as the model has them.</summary>
public sealed record SamplingOverrides
{
    /// <summary>The guidance scale.</summary>
    public float? Scale { get; init; }

    /// <summary>The step at which an interval of guidance ends, <see cref="GuidanceOptions.IntervalEnd"/>; −1 guides all.</summary>
    public int? Interval { get; init; }

    /// <summary>How the scale runs over the tokens; constant with an interval is <see cref="GuidanceSchedule.Interval"/>.</summary>
    public GuidanceSchedule? Schedule { get; init; }

    /// <summary>The temperature of all tokens.</summary>
    public float? Temperature { get; init; }

    /// <summary>How many of the likeliest codes remain; 0 is all.</summary>
    public int? TopK { get; init; }

    /// <summary>The probability that the codes which remain reach together; 1 is all.</summary>
    public float? TopP { get; init; }

    /// <summary>The share of the likeliest code's probability below which codes are dropped; 0 is none.</summary>
    public float? MinP { get; init; }

    /// <summary>The temperature of the holistic tokens alone.</summary>
    public float? HolisticTemperature { get; init; }

    /// <summary><see cref="TopK"/> of the holistic tokens alone.</summary>
    public int? HolisticTopK { get; init; }

    /// <summary><see cref="TopP"/> of the holistic tokens alone.</summary>
    public float? HolisticTopP { get; init; }

    /// <summary><see cref="MinP"/> of the holistic tokens alone.</summary>
    public float? HolisticMinP { get; init; }

    /// <summary>The settings, checked.</summary>
    /// <param name="own">How the model's tokens are best sampled.</param>
    /// <exception cref="Runtime.ConfigException">Lists all faults.</exception>
    public SamplingOptions Over(SamplingOptions own)
    {
        ArgumentNullException.ThrowIfNull(own);
        return new SamplingOptions { Holistic = Holistic(own.Holistic), Patches = Patches(own.Patches), Guidance = Guidance(own.Guidance) }.Validate();
    }

    private TokenSampling Patches(TokenSampling own) => new()
    {
        Temperature = Temperature ?? own.Temperature,
        TopK = TopK ?? own.TopK,
        TopP = TopP ?? own.TopP,
        MinP = MinP ?? own.MinP,
    };

    private TokenSampling Holistic(TokenSampling own)
    {
        var shared = Patches(own);
        return new TokenSampling
        {
            Temperature = HolisticTemperature ?? shared.Temperature,
            TopK = HolisticTopK ?? shared.TopK,
            TopP = HolisticTopP ?? shared.TopP,
            MinP = HolisticMinP ?? shared.MinP,
        };
    }

    private GuidanceOptions Guidance(GuidanceOptions own)
    {
        var scale = Scale ?? own.Scale;
        if (Interval is null && Schedule is null)
            return own with { Scale = scale };
        var interval = Interval ?? -1;
        var schedule = Schedule ?? GuidanceSchedule.Constant;
        return new GuidanceOptions
        {
            Scale = scale,
            IntervalEnd = interval,
            Schedule = interval != -1 && schedule == GuidanceSchedule.Constant ? GuidanceSchedule.Interval : schedule,
        };
    }
}
