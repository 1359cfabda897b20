using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Editing;

/// <summary>Pixels added around an image.</summary>
/// <param name="Left">At the left, 0 or more.</param>
/// <param name="Top">At the top, 0 or more.</param>
/// <param name="Right">At the right, 0 or more.</param>
/// <param name="Bottom">At the bottom, 0 or more.</param>
public readonly record struct Margins(int Left, int Top, int Right, int Bottom)
{
    /// <summary>The longest side of an extended image, in pixels.</summary>
    public const int LargestSide = 16384;

    /// <summary>Checks the margins for an image.</summary>
    /// <param name="image">The image.</param>
    /// <exception cref="ConfigException">No margin is given, one is negative, or the result is too large.</exception>
    public void Check(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var faults = new FaultCollector();
        foreach (var (name, margin) in (ReadOnlySpan<(string, int)>)[("left", Left), ("top", Top), ("right", Right), ("bottom", Bottom)])
        {
            faults.Require(margin >= 0, $"the margin at the {name} is {margin} pixels, it cannot be negative");
        }
        var (width, height) = ((long)image.Width + Left + Right, (long)image.Height + Top + Bottom);
        if (faults.Faults.Count == 0 && (width, height) == (image.Width, image.Height))
            faults.Add($"no margin is given; say how many pixels to add at the left, top, right or bottom");
        faults.Require(Math.Max(width, height) <= LargestSide, $"the image would have {width}×{height} pixels, {LargestSide} a side are possible");
        faults.Throw("The extension");
    }

    /// <summary>The enlarged image, and a mask of what was added.</summary>
    /// <param name="image">The image.</param>
    /// <exception cref="ConfigException">No margin is given, one is negative, or the result is too large.</exception>
    public (Image Canvas, ImageMask Added) Around(Image image)
    {
        Check(image);
        var canvas = new Image(image.Width + Left + Right, image.Height + Top + Bottom);
        var added = new ImageMask(canvas.Width, canvas.Height);
        added.Marks.Fill(true);
        for (var y = 0; y < image.Height; y++)
        {
            image.Row(y).CopyTo(canvas.Row(Top + y)[(Left * Image.Channels)..]);
            added.Row(Top + y).Slice(Left, image.Width).Clear();
        }
        return (canvas, added);
    }
}
