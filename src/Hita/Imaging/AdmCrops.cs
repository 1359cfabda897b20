namespace Hita.Imaging;

/// <summary>The square crops of the ADM training and evaluation protocol, which the published results use.</summary>
/// <remarks>
/// Large pictures are halved with a box filter until the short side is below twice the wanted one, then resized once with the
/// bicubic filter. Pictures for the protocol are read with <see cref="PictureDecodeOptions.Plain"/>.
/// </remarks>
public static class AdmCrops
{
    /// <summary>The centre square.</summary>
    /// <param name="picture">The whole picture, of any size; a smaller one is enlarged.</param>
    /// <param name="size">The side of the square in pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    public static Picture Center(Picture picture, int size)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var resized = ResizeShortSide(picture, size);
        return resized.Crop((resized.Width - size) / 2, (resized.Height - size) / 2, size, size);
    }

    /// <summary>
    /// A random square for training: the short side becomes a random number of pixels from S to ⌈S/0.8⌉, and the square of
    /// side S lies anywhere within.
    /// </summary>
    /// <param name="picture">The whole picture, of any size; a smaller one is enlarged.</param>
    /// <param name="size">S, the side of the square in pixels, at least 1.</param>
    /// <param name="random">The source of the choices: one for the size, one for the row, one for the column.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    public static Picture RandomSquare(Picture picture, int size, Random random)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var largest = (int)((size * 5L + 3) / 4); // ⌈S/0.8⌉
        var resized = ResizeShortSide(picture, random.Next(size, largest + 1));
        var y = random.Next(resized.Height - size + 1);
        var x = random.Next(resized.Width - size + 1);
        return resized.Crop(x, y, size, size);
    }

    /// <summary>The picture, mirrored left to right in half of the cases.</summary>
    /// <param name="picture">The original, which stays as it is and is returned itself in the other half.</param>
    /// <param name="random">The source of the one choice.</param>
    public static Picture RandomFlip(Picture picture, Random random)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(random);
        return random.Next(2) == 1 ? picture.FlipHorizontally() : picture;
    }

    private static Picture ResizeShortSide(Picture picture, int size)
    {
        while (Math.Min(picture.Width, picture.Height) >= 2L * size)
            picture = picture.Resize(picture.Width / 2, picture.Height / 2, ResamplingFilter.Box);
        var scale = (double)size / Math.Min(picture.Width, picture.Height);
        var width = (int)Math.Round(picture.Width * scale, MidpointRounding.ToEven);
        var height = (int)Math.Round(picture.Height * scale, MidpointRounding.ToEven);
        return picture.Resize(width, height);
    }
}
