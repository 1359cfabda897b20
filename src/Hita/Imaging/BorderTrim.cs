namespace Hita.Imaging;

/// <summary>Cuts the dark border off that a scanner's lid or the edge of a sheet leaves around an image.</summary>
/// <remarks>
/// A line counts as border where at least half of its pixels are dark. Lines are looked at from the edge inwards, up to a fifth of
/// the side; the cut lies behind the last border line that is reached without more than a few lighter lines between, and one line
/// further, as the last is often half dark. An image that is dark itself is left as it is: nothing is cut where border lines
/// reach the limit.
/// </remarks>
public static class BorderTrim
{
    private const int Dark = 88;
    private const double MaxShare = 0.2;
    private const double MinDark = 0.5;

    /// <summary>The part of an image without its dark border.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <returns>What is left, or the image itself where there is no border.</returns>
    public static Image Apply(Image image)
    {
        var box = Inside(image);
        return box.Width == image.Width && box.Height == image.Height ? image : image.Crop(box.X, box.Y, box.Width, box.Height);
    }

    /// <summary>The place of the part without the dark border.</summary>
    /// <param name="image">The image, of any size.</param>
    public static PixelBox Inside(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        int left = 0, right = image.Width, top = 0, bottom = image.Height;
        // Corners belong to two borders: columns are judged first, and rows between the columns that are left.
        left = Border(image.Width, i => ColumnIsDark(image, i, top, bottom));
        right -= Border(image.Width, i => ColumnIsDark(image, image.Width - 1 - i, top, bottom));
        top = Border(image.Height, i => RowIsDark(image, i, left, right));
        bottom -= Border(image.Height, i => RowIsDark(image, image.Height - 1 - i, left, right));
        return new PixelBox(left, top, right - left, bottom - top);
    }

    // How many lines are cut off, from the edge inwards.
    private static int Border(int lines, Func<int, bool> isDark)
    {
        var limit = (int)(lines * MaxShare);
        // A scan may end in some light lines outside the border.
        var gap = Math.Max(1, lines / 64);
        var cut = 0;
        for (var i = 0; i < limit && i <= cut + gap; i++)
        {
            if (isDark(i))
                cut = i + 1;
        }
        return cut == 0 || cut >= limit ? 0 : Math.Min(cut + 1, limit);
    }

    private static bool ColumnIsDark(Image image, int x, int top, int bottom)
    {
        var dark = 0;
        for (var y = top; y < bottom; y++)
        {
            if (IsDark(image.Row(y).Slice(x * Image.Channels, Image.Channels)))
                dark++;
        }
        return dark >= MinDark * (bottom - top);
    }

    private static bool RowIsDark(Image image, int y, int left, int right)
    {
        var row = image.Row(y);
        var dark = 0;
        for (var x = left; x < right; x++)
        {
            if (IsDark(row.Slice(x * Image.Channels, Image.Channels)))
                dark++;
        }
        return dark >= MinDark * (right - left);
    }

    // The usual weights of red, green and blue in brightness, in 256ths.
    private static bool IsDark(ReadOnlySpan<byte> pixel) => ((77 * pixel[0]) + (150 * pixel[1]) + (29 * pixel[2])) >> 8 < Dark;
}
