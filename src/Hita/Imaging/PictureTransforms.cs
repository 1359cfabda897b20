namespace Hita.Imaging;

/// <summary>Changes of a picture that move pixels and leave their values as they are.</summary>
public static class PictureTransforms
{
    /// <summary>A part of a picture, copied.</summary>
    /// <param name="picture">The whole.</param>
    /// <param name="x">The leftmost column of the part.</param>
    /// <param name="y">The topmost row of the part.</param>
    /// <param name="width">Pixels, at least 1.</param>
    /// <param name="height">Pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is empty or reaches beyond the picture.</exception>
    public static Picture Crop(this Picture picture, int x, int y, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, picture.Width - x);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, picture.Height - y);
        var part = new Picture(width, height);
        for (var row = 0; row < height; row++)
            picture.Row(y + row).Slice(x * Picture.Channels, part.RowBytes).CopyTo(part.Row(row));
        return part;
    }

    /// <summary>The picture as a mirror shows it: left and right exchanged.</summary>
    /// <param name="picture">The original, which stays as it is.</param>
    public static Picture FlipHorizontally(this Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var flipped = new Picture(picture.Width, picture.Height);
        for (var y = 0; y < picture.Height; y++)
            CopyBackwards(picture.Row(y), flipped.Row(y));
        return flipped;
    }

    /// <summary>Turns and mirrors a picture the way a camera's orientation mark asks for.</summary>
    /// <param name="picture">The pixels as stored.</param>
    /// <param name="orientation">The EXIF orientation, 1 to 8; 1 means upright, and the same picture is returned.</param>
    /// <exception cref="ArgumentOutOfRangeException">The orientation is not 1 to 8.</exception>
    public static Picture Orient(this Picture picture, int orientation)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentOutOfRangeException.ThrowIfLessThan(orientation, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(orientation, 8);
        if (orientation == 1)
            return picture;
        // The eight orientations are the combinations of three moves: exchange of rows and columns, then mirroring of each axis.
        var exchange = orientation >= 5;
        var mirrorX = orientation is 2 or 3 or 6 or 7;
        var mirrorY = orientation is 3 or 4 or 7 or 8;
        return exchange ? Exchange(picture, mirrorX, mirrorY) : Mirror(picture, mirrorX, mirrorY);
    }

    private static Picture Mirror(Picture picture, bool mirrorX, bool mirrorY)
    {
        var turned = new Picture(picture.Width, picture.Height);
        for (var y = 0; y < picture.Height; y++)
        {
            var source = picture.Row(mirrorY ? picture.Height - 1 - y : y);
            if (mirrorX)
                CopyBackwards(source, turned.Row(y));
            else
                source.CopyTo(turned.Row(y));
        }
        return turned;
    }

    private static Picture Exchange(Picture picture, bool mirrorX, bool mirrorY)
    {
        // Small tiles keep both the rows read and the rows written in the processor's cache; a whole column would touch every
        // row of a large photo once a pixel.
        const int tile = 32;
        var turned = new Picture(picture.Height, picture.Width);
        var source = picture.Pixels;
        for (var top = 0; top < turned.Height; top += tile)
        {
            for (var left = 0; left < turned.Width; left += tile)
            {
                for (var y = top; y < Math.Min(top + tile, turned.Height); y++)
                {
                    var sourceX = mirrorY ? picture.Width - 1 - y : y;
                    var row = turned.Row(y);
                    for (var x = left; x < Math.Min(left + tile, turned.Width); x++)
                    {
                        var sourceY = mirrorX ? picture.Height - 1 - x : x;
                        var at = (sourceY * picture.Width + sourceX) * Picture.Channels;
                        source.Slice(at, Picture.Channels).CopyTo(row[(x * Picture.Channels)..]);
                    }
                }
            }
        }
        return turned;
    }

    private static void CopyBackwards(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var from = source.Length - Picture.Channels;
        for (var to = 0; from >= 0; to += Picture.Channels, from -= Picture.Channels)
        {
            target[to] = source[from];
            target[to + 1] = source[from + 1];
            target[to + 2] = source[from + 2];
        }
    }
}
