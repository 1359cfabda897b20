using Hita.Runtime;

namespace Hita.Editing;

/// <summary>What the patch codes of a morph are.</summary>
public enum MorphPatches
{
    /// <summary>They go from the first image's to the second's too.</summary>
    Blend,

    /// <summary>The first image's throughout: it takes on the look of the second.</summary>
    First,

    /// <summary>The second image's throughout: it comes out of the look of the first.</summary>
    Second,
}

/// <summary>How one image turns into another.</summary>
public sealed record MorphOptions
{
    /// <summary>Images, both ends included, 2 to 10000. Default 24.</summary>
    public int Frames { get; init; } = 24;

    /// <summary>What the patch codes do. Default: they go along.</summary>
    public MorphPatches Patches { get; init; }

    /// <summary>Whether every frame is rounded to codes, as images of the model are; otherwise the way is smooth. Default false.</summary>
    public bool Quantize { get; init; }

    /// <summary>Checks every setting.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public MorphOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Range(Frames, 2, 10_000, "the number of frames");
        faults.OneOf(Patches, "the patches", verb: "are");
        return faults.Checked(this, "The settings of the morph");
    }
}
