namespace Hita.Imaging;

/// <summary>The square crops of the ADM training and evaluation protocol, which the published results use.</summary>
/// <remarks>
/// Large images are halved with a box filter until the short side is below twice the wanted one, then resized once with the
/// bicubic filter. Images for the protocol are read with <see cref="ImageDecodeOptions.Plain"/>.
/// </remarks>
public static class AdmCrops
{
    /// <summary>The centre square.</summary>
    /// <param name="image">The whole image, of any size; a smaller one is enlarged.</param>
    /// <param name="size">The side of the square in pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    public static Image Center(Image image, int size)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var resized = ResizeShortSide(image, size);
        return resized.Crop((resized.Width - size) / 2, (resized.Height - size) / 2, size, size);
    }

    /// <summary>
    /// A random square for training: the short side becomes a random number of pixels from S to ⌈S/0.8⌉, and the square of
    /// side S lies anywhere within.
    /// </summary>
    /// <param name="image">The whole image, of any size; a smaller one is enlarged.</param>
    /// <param name="size">S, the side of the square in pixels, at least 1.</param>
    /// <param name="random">The source of the choices: one for the size, one for the row, one for the column.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    public static Image RandomSquare(Image image, int size, Random random)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var largest = (int)((size * 5L + 3) / 4); // ⌈S/0.8⌉
        var resized = ResizeShortSide(image, random.Next(size, largest + 1));
        var y = random.Next(resized.Height - size + 1);
        var x = random.Next(resized.Width - size + 1);
        return resized.Crop(x, y, size, size);
    }

    /// <summary>The image, mirrored left to right in half of the cases.</summary>
    /// <param name="image">The original, which stays as it is and is returned itself in the other half.</param>
    /// <param name="random">The source of the one choice.</param>
    public static Image RandomFlip(Image image, Random random)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(random);
        return random.Next(2) == 1 ? image.FlipHorizontally() : image;
    }

    private static Image ResizeShortSide(Image image, int size)
    {
        while (Math.Min(image.Width, image.Height) >= 2L * size)
            image = image.Resize(image.Width / 2, image.Height / 2, ResamplingFilter.Box);
        var scale = (double)size / Math.Min(image.Width, image.Height);
        var width = (int)Math.Round(image.Width * scale, MidpointRounding.ToEven);
        var height = (int)Math.Round(image.Height * scale, MidpointRounding.ToEven);
        return image.Resize(width, height);
    }
}
