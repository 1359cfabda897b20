using Hita.Generation.Sampling;
using Hita.Server.Jobs;

namespace Hita.Studio.Work;

/// <summary>How codes are sampled, as a page's controls show it. What was not touched stays exactly as it was.</summary>
public sealed class SamplingChoice
{
    private SamplingOptions? _base;

    /// <summary>How strongly the class is followed; 1 is not at all more than by itself.</summary>
    public double Guidance { get; set; }

    /// <summary>Codes that are guided, from the first on; <see cref="Tokens"/> for all.</summary>
    public int Guided { get; set; }

    /// <summary>Codes of an image.</summary>
    public int Tokens { get; private set; }

    /// <summary>How far from the likeliest codes may be strayed.</summary>
    public double Temperature { get; set; }

    /// <summary>How many of the likeliest codes are chosen from; 0 for all.</summary>
    public int TopK { get; set; }

    /// <summary>The probability that the codes which are chosen from have together; 1 for all.</summary>
    public double TopP { get; set; }

    /// <summary>Whether it differs from what it started from.</summary>
    public bool IsChanged => _base is not null && Options != _base;

    /// <summary>Starts from settings.</summary>
    /// <param name="options">A model's own, or those of an image.</param>
    /// <param name="tokens">Codes of an image.</param>
    public void Start(SamplingOptions options, int tokens)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_base, Tokens) = (options, tokens);
        (Guidance, Guided) = (Round(Math.Max(options.Guidance.Scale, 1)), GuidedOf(options));
        (Temperature, TopK, TopP) = (Round(options.Patches.Temperature), options.Patches.TopK, Round(options.Patches.TopP));
    }

    /// <summary>Starts from what a model is best sampled by.</summary>
    /// <param name="model">The model.</param>
    public void StartFrom(ServedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var generator = model.Pipeline.Generator;
        Start(generator.Sampling, generator.Config.HolisticTokenCount + generator.Config.PatchTokenCount);
    }

    /// <summary>As tasks take it.</summary>
    /// <exception cref="Runtime.ConfigException">A setting is impossible.</exception>
    public SamplingOptions Options
    {
        get
        {
            var start = _base ?? new SamplingOptions();
            return new SamplingOverrides
            {
                Scale = Guidance == Round(Math.Max(start.Guidance.Scale, 1)) ? null : (float)Guidance,
                Interval = Guided == GuidedOf(start) ? null : Guided >= Tokens ? -1 : Math.Max(Guided - 2, 0),
                Temperature = Temperature == Round(start.Patches.Temperature) ? null : (float)Temperature,
                TopK = TopK == start.Patches.TopK ? null : TopK,
                TopP = TopP == Round(start.Patches.TopP) ? null : (float)TopP,
            }.Over(start);
        }
    }

    private int GuidedOf(SamplingOptions options) =>
        options.Guidance is { Schedule: GuidanceSchedule.Interval, IntervalEnd: >= 0 and var end } ? (int)Math.Min(end + 2L, Tokens) : Tokens;

    // Sliders go by hundredths, floats lie beside them.
    private static double Round(float value) => Math.Round(value, 2);
}
