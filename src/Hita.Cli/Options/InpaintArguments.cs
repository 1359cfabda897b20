using System.CommandLine;
using Hita.Editing;

namespace Hita.Cli.Options;

/// <summary>The options that say how a part of an image is regenerated.</summary>
internal sealed class InpaintArguments
{
    private static readonly InpaintOptions Defaults = new();

    private readonly Option<int> _candidates = new("--candidates") { Description = "Fillings sampled for each window; the one after which the known patches are likeliest stays.", HelpName = "N", DefaultValueFactory = static _ => Defaults.Candidates };
    private readonly Option<int> _passes = new("--passes") { Description = "Passes; a further one starts from the image as filled before.", HelpName = "N", DefaultValueFactory = static _ => Defaults.Passes };
    private readonly Option<string> _holistic = new("--holistic") { Description = "Where the holistic codes come from: the known part of the image, or the generator.", HelpName = "encoded|generated", DefaultValueFactory = static _ => "encoded" };
    private readonly Option<string> _codes = new("--codes") { Description = "Which patch codes are sampled: those that decode a masked patch, those read from one (covered), or both.", HelpName = "both|decoding|covered", DefaultValueFactory = static _ => "both" };
    private readonly Option<double?> _feather = new("--feather") { Description = "How far inside the mask the step at its edge is spread, in pixels; over the whole hole if left out.", HelpName = "PIXELS" };
    private readonly Option<int?> _window = new("--window") { Description = "The side of the part that the model sees at once, in pixels of the image; chosen by the mask if left out.", HelpName = "PIXELS" };
    private readonly Option<bool> _keep = new("--keep-candidates") { Description = "Write every candidate beside the result, the best first." };

    public InpaintArguments()
    {
        CommonOptions.OneOf(_holistic, "encoded", "generated");
        CommonOptions.OneOf(_codes, "both", "decoding", "covered");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_candidates, _passes, _holistic, _codes, _feather, _window, _keep])
            command.Options.Add(option);
    }

    /// <summary>The settings, checked.</summary>
    /// <exception cref="Runtime.ConfigException">Lists all faults.</exception>
    public InpaintOptions Options(ParseResult parsed, EditSamplingOptions sampling) => new InpaintOptions
    {
        Sampling = sampling,
        Candidates = parsed.GetValue(_candidates),
        Passes = parsed.GetValue(_passes),
        Holistic = parsed.GetValue(_holistic) == "generated" ? HolisticSource.Generated : HolisticSource.Encoded,
        Codes = parsed.GetValue(_codes) switch
        {
            "decoding" => SampledCodes.Decoding,
            "covered" => SampledCodes.Covered,
            _ => SampledCodes.Both,
        },
        Feather = parsed.GetValue(_feather),
        WindowSide = parsed.GetValue(_window),
        KeepCandidates = parsed.GetValue(_keep),
    }.Validate();
}
