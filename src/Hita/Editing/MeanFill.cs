using Hita.Imaging;

namespace Hita.Editing;

/// <summary>Puts one plain colour in the place of unknown pixels.</summary>
public static class MeanFill
{
    /// <summary>The mean of the pixels that a mask leaves free; null where it leaves none.</summary>
    /// <param name="image">The image.</param>
    /// <param name="mask">The unknown pixels, of the image's size.</param>
    public static (byte Red, byte Green, byte Blue)? Mean(Image image, ImageMask mask)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(mask);
        mask.CheckFor(image);
        long red = 0, green = 0, blue = 0, count = 0;
        ReadOnlySpan<byte> pixels = image.Pixels;
        ReadOnlySpan<bool> marks = mask.Marks;
        for (var i = 0; i < marks.Length; i++)
        {
            if (marks[i])
                continue;
            red += pixels[3 * i];
            green += pixels[(3 * i) + 1];
            blue += pixels[(3 * i) + 2];
            count++;
        }
        return count == 0 ? null : (Rounded(red), Rounded(green), Rounded(blue));

        byte Rounded(long sum) => (byte)((sum + (count / 2)) / count);
    }

    /// <summary>An image with the unknown pixels in one colour.</summary>
    /// <param name="image">The image, which stays as it is.</param>
    /// <param name="mask">The unknown pixels, of the image's size.</param>
    /// <param name="colour">The colour; null for the mean of the known pixels, or grey where there are none.</param>
    public static Image Fill(Image image, ImageMask mask, (byte Red, byte Green, byte Blue)? colour = null)
    {
        var (red, green, blue) = colour ?? Mean(image, mask) ?? (128, 128, 128);
        var result = image.Copy();
        for (var i = 0; i < mask.Marks.Length; i++)
        {
            if (mask.Marks[i])
                (result.Pixels[3 * i], result.Pixels[(3 * i) + 1], result.Pixels[(3 * i) + 2]) = (red, green, blue);
        }
        return result;
    }
}
