using Hita.Runtime;

namespace Hita.Editing;

/// <summary>Where the holistic codes come from when a part of an image is regenerated.</summary>
public enum HolisticSource
{
    /// <summary>From the image as far as it is known: they describe what is around the hole.</summary>
    Encoded,

    /// <summary>Sampled for the class; of several candidates, the one that fits the known patches best is kept.</summary>
    Generated,
}

/// <summary>Which patch codes are sampled for a mask. A code is read from its own patch and, shifted, decodes one further on.</summary>
public enum SampledCodes
{
    /// <summary>Those read from a masked patch and those that decode one: nothing that a hole has touched is taken as known.</summary>
    Both,

    /// <summary>Those that decode a masked patch.</summary>
    Decoding,

    /// <summary>Those read from a masked patch.</summary>
    Covered,
}

/// <summary>How a part of an image is regenerated.</summary>
public sealed record InpaintOptions
{
    /// <summary>The most <see cref="Candidates"/>.</summary>
    public const int MaxCandidates = 256;

    /// <summary>Class, seed and settings of the sampling.</summary>
    public EditSamplingOptions Sampling { get; init; } = new();

    /// <summary>Where the holistic codes come from in the first pass. Default: the known part.</summary>
    public HolisticSource Holistic { get; init; }

    /// <summary>Which patch codes are sampled. Default both kinds.</summary>
    public SampledCodes Codes { get; init; }

    /// <summary>
    /// Fillings sampled for each window, 1 to 256, of which the one stays after which the known patches are likeliest. Where no
    /// known patch follows, as below the last row, the first stays. Default 4.
    /// </summary>
    public int Candidates { get; init; } = 4;

    /// <summary>
    /// Passes over each window, 1 to 16. A further one reads the holistic and the known codes from the image as filled
    /// before, instead of from one with a smooth hole, and samples again. Default 2: the holistic codes of the first one have taken
    /// the smooth hole for a part of the image.
    /// </summary>
    public int Passes { get; init; } = 2;

    /// <summary>
    /// How far inside the mask the step at the seam is spread, in pixels of the image, from 0 (a hard edge); null for the whole hole,
    /// which also brings the new part to the colours around it.
    /// </summary>
    public double? Feather { get; init; }

    /// <summary>The longer side of a window in pixels of the image; null for one that shows the mask and as much around it.</summary>
    public int? WindowSide { get; init; }

    /// <summary>Whether all candidates of the last pass are decoded and returned, instead of the best alone. Default false.</summary>
    public bool KeepCandidates { get; init; }

    /// <summary>Checks every setting.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public InpaintOptions Validate()
    {
        var faults = new FaultCollector();
        faults.OneOf(Holistic, "the source of the holistic codes");
        faults.OneOf(Codes, "the sampled codes", verb: "are");
        faults.Range(Candidates, 1, MaxCandidates, "the number of candidates");
        faults.Range(Passes, 1, 16, "the number of passes");
        faults.Range(Feather, 0, 4096, "the feather", "pixels");
        return faults.Checked(this, "The settings of the in-painting");
    }
}
