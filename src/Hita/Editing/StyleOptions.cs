using Hita.Runtime;

namespace Hita.Editing;

/// <summary>What the strength of a style transfer measures.</summary>
public enum StyleMethod
{
    /// <summary>The share of the holistic codes that are taken from the style image.</summary>
    Swap,

    /// <summary>How far all holistic features go towards the style image's before they are rounded to codes.</summary>
    Interpolate,
}

/// <summary>Which holistic codes are taken from the style image first.</summary>
public enum StyleOrder
{
    /// <summary>From the first on.</summary>
    First,

    /// <summary>From the last on, so that the content's own stay in the first part.</summary>
    Last,

    /// <summary>Evenly over the sequence.</summary>
    Spread,

    /// <summary>Those first in which the two images differ most.</summary>
    ByDifference,
}

/// <summary>How the style of one image is given to another.</summary>
public sealed record StyleOptions
{
    /// <summary>From 0 (the content as it is) to 1 (all of the style). Default 1.</summary>
    public double Strength { get; init; } = 1;

    /// <summary>What the strength measures. Default: the share of codes that are swapped.</summary>
    public StyleMethod Method { get; init; }

    /// <summary>Which codes are swapped first; of no effect on <see cref="StyleMethod.Interpolate"/>. Default: from the first on.</summary>
    public StyleOrder Order { get; init; }

    /// <summary>
    /// Whether the last k holistic codes stay the content's. The first k patches are decoded from them, where the style
    /// image's corner would show. Default false.
    /// </summary>
    public bool KeepOpening { get; init; }

    /// <summary>Checks every setting.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public StyleOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Range(Strength, 0, 1, "the strength");
        faults.OneOf(Method, "the method");
        faults.OneOf(Order, "the order");
        return faults.Checked(this, "The settings of the style transfer");
    }
}
