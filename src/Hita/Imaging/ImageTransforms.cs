namespace Hita.Imaging;

/// <summary>Changes of an image that move pixels and leave their values as they are.</summary>
public static class ImageTransforms
{
    /// <summary>A part of an image, copied.</summary>
    /// <param name="image">The whole.</param>
    /// <param name="x">The leftmost column of the part.</param>
    /// <param name="y">The topmost row of the part.</param>
    /// <param name="width">Pixels, at least 1.</param>
    /// <param name="height">Pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is empty or reaches beyond the image.</exception>
    public static Image Crop(this Image image, int x, int y, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, image.Width - x);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, image.Height - y);
        var part = new Image(width, height);
        for (var row = 0; row < height; row++)
            image.Row(y + row).Slice(x * Image.Channels, part.RowBytes).CopyTo(part.Row(row));
        return part;
    }

    /// <summary>The image as a mirror shows it: left and right exchanged.</summary>
    /// <param name="image">The original, which stays as it is.</param>
    public static Image FlipHorizontally(this Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var flipped = new Image(image.Width, image.Height);
        for (var y = 0; y < image.Height; y++)
            CopyBackwards(image.Row(y), flipped.Row(y));
        return flipped;
    }

    /// <summary>Turns and mirrors an image the way a camera's orientation mark asks for.</summary>
    /// <param name="image">The pixels as stored.</param>
    /// <param name="orientation">The EXIF orientation, 1 to 8; 1 means upright, and the same image is returned.</param>
    /// <exception cref="ArgumentOutOfRangeException">The orientation is not 1 to 8.</exception>
    public static Image Orient(this Image image, int orientation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(orientation, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(orientation, 8);
        if (orientation == 1)
            return image;
        // The eight orientations are the combinations of three moves: exchange of rows and columns, then mirroring of each axis.
        var exchange = orientation >= 5;
        var mirrorX = orientation is 2 or 3 or 6 or 7;
        var mirrorY = orientation is 3 or 4 or 7 or 8;
        return exchange ? Exchange(image, mirrorX, mirrorY) : Mirror(image, mirrorX, mirrorY);
    }

    private static Image Mirror(Image image, bool mirrorX, bool mirrorY)
    {
        var turned = new Image(image.Width, image.Height);
        for (var y = 0; y < image.Height; y++)
        {
            var source = image.Row(mirrorY ? image.Height - 1 - y : y);
            if (mirrorX)
                CopyBackwards(source, turned.Row(y));
            else
                source.CopyTo(turned.Row(y));
        }
        return turned;
    }

    private static Image Exchange(Image image, bool mirrorX, bool mirrorY)
    {
        // Small tiles keep both the rows read and the rows written in the processor's cache; a whole column would touch every
        // row of a large photo once a pixel.
        const int tile = 32;
        var turned = new Image(image.Height, image.Width);
        var source = image.Pixels;
        for (var top = 0; top < turned.Height; top += tile)
        {
            for (var left = 0; left < turned.Width; left += tile)
            {
                for (var y = top; y < Math.Min(top + tile, turned.Height); y++)
                {
                    var sourceX = mirrorY ? image.Width - 1 - y : y;
                    var row = turned.Row(y);
                    for (var x = left; x < Math.Min(left + tile, turned.Width); x++)
                    {
                        var sourceY = mirrorX ? image.Height - 1 - x : x;
                        var at = (sourceY * image.Width + sourceX) * Image.Channels;
                        source.Slice(at, Image.Channels).CopyTo(row[(x * Image.Channels)..]);
                    }
                }
            }
        }
        return turned;
    }

    private static void CopyBackwards(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var from = source.Length - Image.Channels;
        for (var to = 0; from >= 0; to += Image.Channels, from -= Image.Channels)
        {
            target[to] = source[from];
            target[to + 1] = source[from + 1];
            target[to + 2] = source[from + 2];
        }
    }
}
