using Hita.Runtime;

namespace Hita.Training;

/// <summary>
/// Teaches the decoder to take colours from the holistic tokens and places from the patches, so that the one can be swapped and
/// the other kept. Not in the published recipe, whose data and semantic encoder are larger.
/// </summary>
/// <remarks>
/// Some images of a step are seen twice: their patch tokens see them in wrong colours, their holistic tokens see them right, but
/// moved, and the reconstruction target is the image itself. No label is needed, and a finished tokenizer sees images once as ever.
/// </remarks>
public sealed record StyleSeparationOptions
{
    /// <summary>The share of the images that are seen twice. Above 0, 1 at most; default 0.5. The encoder works by that much more.</summary>
    public double Share { get; init; } = 0.5;

    /// <summary>How far colours go wrong: 1, the default and the most, turns hues by any angle. Above 0.</summary>
    public double Strength { get; init; } = 1;

    /// <summary>Whether half of the images are mirrored for their holistic tokens. Default true.</summary>
    public bool Mirror { get; init; } = true;

    /// <summary>The smallest part of a side that the holistic tokens see, at a random position. Above 0, 1 at most; default 0.7.</summary>
    public double SmallestView { get; init; } = 0.7;

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Above(Share, 0, 1, "share");
        faults.Above(Strength, 0, 1, "strength");
        faults.Above(SmallestView, 0, 1, "smallest_view");
    }
}
