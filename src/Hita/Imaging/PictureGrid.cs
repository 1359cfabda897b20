using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Puts pictures of one size together into one.</summary>
public static class PictureGrid
{
    /// <summary>A sheet of pictures in rows, on white.</summary>
    /// <param name="pictures">Pictures of one size, at least one, in reading order.</param>
    /// <param name="columns">Pictures in a row, at least 1; where null, as nearly a square as the count allows.</param>
    /// <param name="gap">Pixels between neighbours, 0 or more; there is none around the edge.</param>
    /// <returns>A new picture; places left over in the last row are white.</returns>
    /// <exception cref="ArgumentException">There is no picture, or the sizes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    /// <exception cref="HitaException">The sheet would be too large for memory.</exception>
    public static Picture Compose(IReadOnlyList<Picture> pictures, int? columns = null, int gap = 2)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        if (pictures.Count == 0)
            throw new ArgumentException("A sheet needs at least one picture.", nameof(pictures));
        ArgumentOutOfRangeException.ThrowIfLessThan(columns ?? 1, 1, nameof(columns));
        ArgumentOutOfRangeException.ThrowIfNegative(gap);
        var (width, height) = (pictures[0].Width, pictures[0].Height);
        foreach (var picture in pictures)
        {
            if (picture.Width != width || picture.Height != height)
            {
                throw new ArgumentException(
                    $"A sheet holds pictures of one size, not {width}×{height} and {picture.Width}×{picture.Height}.", nameof(pictures));
            }
        }

        var across = Math.Min(columns ?? (int)Math.Ceiling(Math.Sqrt(pictures.Count)), pictures.Count);
        var down = (pictures.Count + across - 1) / across;
        var sheet = new Picture(Side(width, across, gap), Side(height, down, gap));
        sheet.Fill(255, 255, 255);
        for (var i = 0; i < pictures.Count; i++)
        {
            var left = i % across * (width + gap) * Picture.Channels;
            var top = i / across * (height + gap);
            for (var y = 0; y < height; y++)
                pictures[i].Row(y).CopyTo(sheet.Row(top + y)[left..]);
        }
        return sheet;
    }

    /// <summary>Pictures beside each other, for example an original and its reconstruction.</summary>
    /// <param name="pictures">Pictures of one size, at least one, from left to right.</param>
    /// <exception cref="ArgumentException">There is no picture, or the sizes differ.</exception>
    /// <exception cref="HitaException">The result would be too large for memory.</exception>
    public static Picture SideBySide(params IReadOnlyList<Picture> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        return Compose(pictures, Math.Max(pictures.Count, 1));
    }

    private static int Side(int size, int count, int gap)
    {
        var side = (long)size * count + (long)gap * (count - 1);
        return side <= int.MaxValue ? (int)side : throw new HitaException($"A sheet {side} pixels long is too large; use fewer pictures.");
    }
}
