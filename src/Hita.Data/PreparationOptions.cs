using Hita.Imaging;

namespace Hita.Data;

/// <summary>What is cut off around an image before anything else is done with it.</summary>
public enum BorderCut
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The dark border of a scan, see <see cref="BorderTrim"/>.</summary>
    Dark,
}

/// <summary>How an image that is no square becomes one.</summary>
public enum SquareMethod
{
    /// <summary>By the crop: what is too long is cut off.</summary>
    Cut,

    /// <summary>By a margin in the colour of the edges, see <see cref="PaperMargin"/>: nothing is cut off.</summary>
    Pad,
}

/// <summary>What is done with every image of a set when it is read.</summary>
/// <param name="Trim">What is cut off around it. Default nothing.</param>
/// <param name="Square">How it becomes a square. Default by the crop that follows.</param>
public sealed record PreparationOptions(BorderCut Trim = BorderCut.None, SquareMethod Square = SquareMethod.Cut)
{
    /// <summary>Whether images are taken as they are.</summary>
    public bool IsNothing => this is { Trim: BorderCut.None, Square: SquareMethod.Cut };

    /// <summary>Prepares an image.</summary>
    /// <param name="image">The image as it is stored.</param>
    public Image Apply(Image image)
    {
        if (Trim == BorderCut.Dark)
            image = BorderTrim.Apply(image);
        return Square == SquareMethod.Pad ? PaperMargin.Square(image) : image;
    }
}
