using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Editing;

/// <summary>
/// The part of an image that a model works on: a box of the model's shape, of any size. It is scaled to the model's size and
/// back; everything outside it stays the original's.
/// </summary>
/// <param name="Box">The part, in the image's pixels.</param>
/// <param name="ModelWidth">What it is scaled to, in pixels.</param>
/// <param name="ModelHeight">What it is scaled to, in pixels.</param>
public sealed record EditWindow(PixelBox Box, int ModelWidth, int ModelHeight)
{
    /// <summary>The largest window in the middle of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="modelWidth">The model's width in pixels.</param>
    /// <param name="modelHeight">The model's height in pixels.</param>
    public static EditWindow Centre(Image image, int modelWidth, int modelHeight)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (width, height) = SizeAt(image, modelWidth, modelHeight, double.PositiveInfinity);
        return new(new PixelBox((image.Width - width) / 2, (image.Height - height) / 2, width, height), modelWidth, modelHeight);
    }

    /// <summary>The window's part of an image, scaled to the model's size.</summary>
    /// <param name="image">The whole image.</param>
    public Image Cut(Image image) =>
        image.Crop(Box.X, Box.Y, Box.Width, Box.Height).Resize(ModelWidth, ModelHeight);

    /// <summary>An image with the window's part replaced.</summary>
    /// <param name="image">The whole image, which stays as it is.</param>
    /// <param name="decoded">The new part, of the model's size.</param>
    /// <returns>A new image, equal to the first outside the window.</returns>
    public Image Paste(Image image, Image decoded)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(decoded);
        var result = image.Copy();
        Put(result, decoded.Resize(Box.Width, Box.Height));
        return result;
    }

    /// <summary>Writes a part of the window's own size into an image.</summary>
    internal void Put(Image target, Image part)
    {
        for (var y = 0; y < Box.Height; y++)
            part.Row(y).CopyTo(target.Row(Box.Y + y)[(Box.X * Image.Channels)..]);
    }

    /// <summary>The size of a window at a scale, or at the largest that the image has room for.</summary>
    internal static (int Width, int Height) SizeAt(Image image, int modelWidth, int modelHeight, double scale)
    {
        scale = Math.Min(scale, Math.Min((double)image.Width / modelWidth, (double)image.Height / modelHeight));
        return (Side(modelWidth, image.Width), Side(modelHeight, image.Height));

        int Side(int side, int max) => Math.Clamp((int)Math.Round(side * scale), 1, max);
    }

    /// <summary>Checks a size that the user chose for windows.</summary>
    /// <exception cref="HitaException">The image has no room for it, or it is nothing.</exception>
    internal static double ScaleFor(Image image, int modelWidth, int modelHeight, int side)
    {
        var (width, height) = SizeAt(image, modelWidth, modelHeight, double.PositiveInfinity);
        var max = Math.Max(width, height);
        if (side < 8 || side > max)
            throw new HitaException($"A window of {side} pixels is not possible in this image of {image.Width}×{image.Height}; 8 to {max} are.");
        return (double)side / Math.Max(modelWidth, modelHeight);
    }
}
