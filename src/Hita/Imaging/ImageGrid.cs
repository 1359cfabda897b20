using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Puts images of one size together into one.</summary>
public static class ImageGrid
{
    /// <summary>A sheet of images in rows, on white.</summary>
    /// <param name="images">Images of one size, at least one, in reading order.</param>
    /// <param name="columns">Images in a row, at least 1; where null, as nearly a square as the count allows.</param>
    /// <param name="gap">Pixels between neighbours, 0 or more; there is none around the edge.</param>
    /// <returns>A new image; places left over in the last row are white.</returns>
    /// <exception cref="ArgumentException">There is no image, or the sizes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    /// <exception cref="HitaException">The sheet would be too large for memory.</exception>
    public static Image Compose(IReadOnlyList<Image> images, int? columns = null, int gap = 2)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
            throw new ArgumentException("A sheet needs at least one image.", nameof(images));
        ArgumentOutOfRangeException.ThrowIfLessThan(columns ?? 1, 1, nameof(columns));
        ArgumentOutOfRangeException.ThrowIfNegative(gap);
        var (width, height) = (images[0].Width, images[0].Height);
        foreach (var image in images)
        {
            if (image.Width != width || image.Height != height)
            {
                throw new ArgumentException(
                    $"A sheet holds images of one size, not {width}×{height} and {image.Width}×{image.Height}.", nameof(images));
            }
        }

        var across = Math.Min(columns ?? (int)Math.Ceiling(Math.Sqrt(images.Count)), images.Count);
        var down = (images.Count + across - 1) / across;
        var sheet = new Image(Side(width, across, gap), Side(height, down, gap));
        sheet.Fill(255, 255, 255);
        for (var i = 0; i < images.Count; i++)
        {
            var left = i % across * (width + gap) * Image.Channels;
            var top = i / across * (height + gap);
            for (var y = 0; y < height; y++)
                images[i].Row(y).CopyTo(sheet.Row(top + y)[left..]);
        }
        return sheet;
    }

    /// <summary>Images beside each other, for example an original and its reconstruction.</summary>
    /// <param name="images">Images of one size, at least one, from left to right.</param>
    /// <exception cref="ArgumentException">There is no image, or the sizes differ.</exception>
    /// <exception cref="HitaException">The result would be too large for memory.</exception>
    public static Image SideBySide(params IReadOnlyList<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return Compose(images, Math.Max(images.Count, 1));
    }

    private static int Side(int size, int count, int gap)
    {
        var side = (long)size * count + (long)gap * (count - 1);
        return side <= int.MaxValue ? (int)side : throw new HitaException($"A sheet {side} pixels long is too large; use fewer images.");
    }
}
