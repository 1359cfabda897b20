namespace Hita.Imaging;

/// <summary>Brings people's photos, of any shape, to a size that a model takes.</summary>
/// <remarks>
/// Unlike <see cref="AdmCrops"/> a photo is resized once, with the widened bicubic filter, and no more of it is cut off than the
/// shape asks for.
/// </remarks>
public static class ImageFit
{
    /// <summary>Fills a size completely; what is too long for its shape is cut off evenly at both ends.</summary>
    /// <param name="image">The photo, of any size.</param>
    /// <param name="width">The wanted width in pixels, at least 1.</param>
    /// <param name="height">The wanted height in pixels, at least 1.</param>
    /// <returns>A new image of exactly that size.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public static Image Cover(Image image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        // The crop comes first, in source pixels: an extreme panorama must not be enlarged whole only to be cut to a square.
        var cropWidth = (int)Math.Clamp(Math.Round((double)image.Height * width / height), 1, image.Width);
        var cropHeight = (int)Math.Clamp(Math.Round((double)image.Width * height / width), 1, image.Height);
        if (cropWidth != image.Width || cropHeight != image.Height)
        {
            image = image.Crop(
                (image.Width - cropWidth) / 2, (image.Height - cropHeight) / 2, cropWidth, cropHeight);
        }
        return image.Resize(width, height);
    }

    /// <summary>The centre square of a photo at a model's size.</summary>
    /// <param name="image">The photo, of any size.</param>
    /// <param name="side">The side in pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The side is below 1.</exception>
    public static Image Square(Image image, int side) => Cover(image, side, side);

    /// <summary>Shows a photo whole within a size, with bars of one colour where its shape differs.</summary>
    /// <param name="image">The photo, of any size.</param>
    /// <param name="width">The wanted width in pixels, at least 1.</param>
    /// <param name="height">The wanted height in pixels, at least 1.</param>
    /// <param name="bar">The colour of the bars, 0 to 255 for red, green and blue alike; 255 (white) unless given.</param>
    /// <returns>A new image of exactly that size.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public static Image Contain(Image image, int width, int height, byte bar = 255)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var scale = Math.Min((double)width / image.Width, (double)height / image.Height);
        var inner = image.Resize(
            (int)Math.Clamp(Math.Round(image.Width * scale), 1, width),
            (int)Math.Clamp(Math.Round(image.Height * scale), 1, height));
        var result = new Image(width, height);
        result.Fill(bar, bar, bar);
        var (left, top) = ((width - inner.Width) / 2, (height - inner.Height) / 2);
        for (var y = 0; y < inner.Height; y++)
            inner.Row(y).CopyTo(result.Row(top + y)[(left * Image.Channels)..]);
        return result;
    }

    /// <summary>
    /// Keeps a photo's shape and brings both sides to multiples of a number (16 for a tokenizer that shrinks 16 times), near the
    /// wanted area; the few pixels that do not divide are cut off, as is what makes the photo longer than four to one.
    /// </summary>
    /// <param name="image">The photo, of any size.</param>
    /// <param name="multiple">What both sides are multiples of, at least 1.</param>
    /// <param name="side">The side in pixels of a square of the wanted area, for example 336; at least <paramref name="multiple"/>.</param>
    /// <returns>A new image whose area is about <c>side²</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static Image ToMultiple(Image image, int multiple, int side)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (width, height) = SizeFor(image.Width, image.Height, multiple, side);
        return Cover(image, width, height);
    }

    /// <summary>The size that <see cref="ToMultiple"/> chooses for a photo.</summary>
    /// <param name="width">The photo's width in pixels, at least 1.</param>
    /// <param name="height">The photo's height in pixels, at least 1.</param>
    /// <param name="multiple">What both sides become multiples of, at least 1.</param>
    /// <param name="side">The side of a square of the wanted area; at least <paramref name="multiple"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static (int Width, int Height) SizeFor(int width, int height, int multiple, int side)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(multiple, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(side, multiple);
        // Beyond four to one the narrow side would hold too few patches to tell anything.
        var shape = Math.Clamp(Math.Sqrt((double)width / height), 0.5, 2.0);
        return (Nearest(side * shape), Nearest(side / shape));

        int Nearest(double length) => Math.Max((int)Math.Round(length / multiple), 1) * multiple;
    }
}
