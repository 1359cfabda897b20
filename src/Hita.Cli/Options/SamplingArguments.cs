using System.CommandLine;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;

namespace Hita.Cli.Options;

/// <summary>The options that say how tokens are sampled.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<ulong> _seed = new("--seed") { Description = "The seed.", HelpName = "N" };
    private readonly Option<long> _first = new("--first-image") { Description = "The number of the first image under the seed, to continue or repeat one.", HelpName = "N" };
    private readonly Option<int> _batch = new("--batch-size") { Description = "Images sampled together; the images do not depend on it.", HelpName = "N", DefaultValueFactory = static _ => 8 };
    private readonly Option<float?> _scale = new("--cfg-scale") { Description = "Classifier-free guidance scale; 1 or less is no guidance; if left out, the model's own setting, else 1.", HelpName = "S" };
    private readonly Option<int?> _interval = new("--cfg-interval") { Description = "Guide only the tokens 0 … N + 1, as the published sampler counts; -1 guides all.", HelpName = "N" };
    private readonly Option<string?> _schedule = new("--cfg-schedule") { Description = "How the guidance scale changes over the tokens: constant, linear or cosine.", HelpName = "NAME" };
    private readonly Option<float?> _temperature = new("--temperature") { Description = "Sampling temperature; below 1 unlikely codes become rarer, 0 always takes the likeliest.", HelpName = "T" };
    private readonly Option<int?> _topK = new("--top-k") { Description = "Sample from the K likeliest codes only; 0 is all.", HelpName = "K" };
    private readonly Option<float?> _topP = new("--top-p") { Description = "Sample from the likeliest codes that together reach this probability; 1 is all.", HelpName = "P" };
    private readonly Option<float?> _minP = new("--min-p") { Description = "Drop codes less likely than this share of the likeliest; 0 is none.", HelpName = "P" };
    private readonly Option<float?> _holisticTemperature = new("--holistic-temperature") { Description = "The temperature of the holistic codes alone.", HelpName = "T" };
    private readonly Option<int?> _holisticTopK = new("--holistic-top-k") { Description = "--top-k of the holistic codes alone.", HelpName = "K" };
    private readonly Option<float?> _holisticTopP = new("--holistic-top-p") { Description = "--top-p of the holistic codes alone.", HelpName = "P" };
    private readonly Option<float?> _holisticMinP = new("--holistic-min-p") { Description = "--min-p of the holistic codes alone.", HelpName = "P" };
    private readonly Option<string> _boundary = new("--boundary") { Description = "How the last holistic code is fed back: as in training, or as the published sampler does.", HelpName = "trained|published", DefaultValueFactory = static _ => "trained" };

    public SamplingArguments()
    {
        CommonOptions.OneOf(_boundary, "trained", "published");
        CommonOptions.OneOf(_schedule, "constant", "linear", "cosine");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)
                 [
                     _seed, _first, _batch, _scale, _interval, _schedule, _temperature, _topK, _topP, _minP,
                     _holisticTemperature, _holisticTopK, _holisticTopP, _holisticMinP, _boundary,
                 ])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>A request without classes, its settings checked: those of the command line, the others as the model has them.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="own">How the model's tokens are best sampled.</param>
    /// <exception cref="Runtime.ConfigException">Lists all faults of the settings.</exception>
    public GenerationRequest Request(ParseResult parsed, SamplingOptions own) => new()
    {
        Classes = [],
        Seed = parsed.GetValue(_seed),
        FirstImage = parsed.GetValue(_first),
        BatchSize = parsed.GetValue(_batch),
        Boundary = parsed.GetValue(_boundary) == "published" ? BoundaryMode.Published : BoundaryMode.Trained,
        Sampling = Overrides(parsed).Over(own),
    };

    private SamplingOverrides Overrides(ParseResult parsed) => new()
    {
        Scale = parsed.GetValue(_scale),
        Interval = parsed.GetValue(_interval),
        Schedule = parsed.GetValue(_schedule) switch
        {
            "constant" => GuidanceSchedule.Constant,
            "linear" => GuidanceSchedule.Linear,
            "cosine" => GuidanceSchedule.Cosine,
            _ => null,
        },
        Temperature = parsed.GetValue(_temperature),
        TopK = parsed.GetValue(_topK),
        TopP = parsed.GetValue(_topP),
        MinP = parsed.GetValue(_minP),
        HolisticTemperature = parsed.GetValue(_holisticTemperature),
        HolisticTopK = parsed.GetValue(_holisticTopK),
        HolisticTopP = parsed.GetValue(_holisticTopP),
        HolisticMinP = parsed.GetValue(_holisticMinP),
    };
}
