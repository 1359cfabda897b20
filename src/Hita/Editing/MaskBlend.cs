using Hita.Imaging;

namespace Hita.Editing;

/// <summary>Joins what was decoded under a mask with the image around it.</summary>
/// <remarks>
/// Pixels outside the mask are exactly the image's, and pixels of the image under the mask are never read. The seam is
/// hidden on the inner side alone: there the step between the image and the new part at the mask's edge is spread smoothly
/// (Laplace's equation), to nothing at the feather's width.
/// </remarks>
internal static class MaskBlend
{
    /// <summary>Joins.</summary>
    /// <param name="image">The image; under the mask its pixels do not matter.</param>
    /// <param name="decoded">What was decoded, of the same size.</param>
    /// <param name="mask">Where the new part goes.</param>
    /// <param name="feather">How far from the mask's edge the step is spread, in pixels; 0 for a hard edge, infinite for the whole hole.</param>
    /// <returns>A new image.</returns>
    public static Image Join(Image image, Image decoded, ImageMask mask, double feather)
    {
        mask.CheckFor(image);
        mask.CheckFor(decoded);
        var result = image.Copy();
        var marks = mask.Marks;
        var band = Band(mask, feather);
        var spread = band is not null && band.AsSpan().Contains(true) && marks.Contains(false);
        var step = new float[marks.Length];
        for (var channel = 0; channel < Image.Channels; channel++)
        {
            if (spread)
            {
                // Known: the step outside the mask, and none deep inside it.
                for (var i = 0; i < step.Length; i++)
                    step[i] = marks[i] ? 0 : image.Pixels[(3 * i) + channel] - decoded.Pixels[(3 * i) + channel];
                HarmonicFill.Fill(step, band, mask.Width, mask.Height);
            }
            for (var i = 0; i < step.Length; i++)
            {
                if (marks[i])
                    result.Pixels[(3 * i) + channel] = (byte)Math.Clamp(decoded.Pixels[(3 * i) + channel] + (spread ? MathF.Round(step[i]) : 0), 0, 255);
            }
        }
        return result;
    }

    // Marked pixels nearer to a free one than the feather; chamfer distances of 3 and 4 thirds of a pixel.
    private static bool[]? Band(ImageMask mask, double feather)
    {
        if (feather <= 0)
            return null;
        int width = mask.Width, height = mask.Height;
        const int Far = 1 << 28;
        var distance = new int[width * height];
        for (var i = 0; i < distance.Length; i++)
            distance[i] = mask.Marks[i] ? Far : 0;
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
                Nearer(distance, width, height, x, y, -1);
        }
        for (var y = height - 1; y >= 0; y--)
        {
            for (var x = width - 1; x >= 0; x--)
                Nearer(distance, width, height, x, y, 1);
        }
        return Array.ConvertAll(distance, d => d > 0 && d < 3 * feather);
    }

    private static void Nearer(int[] distance, int width, int height, int x, int y, int side)
    {
        var at = (y * width) + x;
        if (distance[at] == 0)
            return;
        Try(x + side, y, 3);
        Try(x, y + side, 3);
        Try(x - 1, y + side, 4);
        Try(x + 1, y + side, 4);

        void Try(int nextX, int nextY, int length)
        {
            if (nextX >= 0 && nextX < width && nextY >= 0 && nextY < height)
                distance[at] = Math.Min(distance[at], distance[(nextY * width) + nextX] + length);
        }
    }
}
