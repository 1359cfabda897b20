namespace Hita.Imaging;

/// <summary>
/// Fills holes with the smoothest values that their borders allow: each becomes the mean of its four neighbours (Laplace's
/// equation). The classical in-painting without a model, and what hides seams.
/// </summary>
public static class HarmonicFill
{
    private const int Sweeps = 48;
    private const float Relaxation = 1.6f;

    /// <summary>Fills the marked pixels of an image from those around them.</summary>
    /// <param name="image">The image, which stays as it is; what is under the mask does not matter.</param>
    /// <param name="mask">The holes, of the image's size; some pixel is free.</param>
    /// <returns>A new image, equal to the first outside the mask.</returns>
    /// <exception cref="ArgumentException">The sizes differ, or all pixels are marked.</exception>
    public static Image Fill(Image image, ImageMask mask)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(mask);
        mask.CheckFor(image);
        var result = image.Copy();
        var plane = new float[mask.Marks.Length];
        for (var channel = 0; channel < Image.Channels; channel++)
        {
            for (var i = 0; i < plane.Length; i++)
                plane[i] = mask.Marks[i] ? 0 : image.Pixels[(3 * i) + channel];
            Fill(plane, mask.Marks, mask.Width, mask.Height);
            for (var i = 0; i < plane.Length; i++)
            {
                if (mask.Marks[i])
                    result.Pixels[(3 * i) + channel] = (byte)Math.Clamp(plane[i] + 0.5f, 0, 255);
            }
        }
        return result;
    }

    /// <summary>Fills the unknown numbers of a plane.</summary>
    /// <param name="values">[height, width]; unknown numbers are replaced, known ones stay.</param>
    /// <param name="unknown">Which are unknown; some are not.</param>
    /// <param name="width">Numbers in a row.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentException">The sizes differ, or all are unknown.</exception>
    public static void Fill(Span<float> values, ReadOnlySpan<bool> unknown, int width, int height)
    {
        if (values.Length != (long)width * height || unknown.Length != values.Length)
            throw new ArgumentException($"{values.Length} numbers and {unknown.Length} marks do not fill {width}×{height}.", nameof(values));
        if (!unknown.Contains(false))
            throw new ArgumentException("Nothing is known, so that nothing can be filled.", nameof(unknown));
        if (unknown.Contains(true))
            Solve(values, unknown, width, height);
    }

    // The half-size problem is solved first: what it leaves for this size are details that a few sweeps settle.
    private static void Solve(Span<float> values, ReadOnlySpan<bool> unknown, int width, int height)
    {
        int half = (width + 1) / 2, low = (height + 1) / 2;
        var coarse = new float[half * low];
        var holes = new bool[half * low];
        Shrink(values, unknown, width, height, coarse, holes, half);
        if (holes.Contains(true))
            Solve(coarse, holes, half, low);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                if (unknown[(y * width) + x])
                    values[(y * width) + x] = coarse[(y / 2 * half) + (x / 2)];
            }
        }
        for (var sweep = 0; sweep < Sweeps; sweep++)
            Relax(values, unknown, width, height);
    }

    private static void Shrink(
        ReadOnlySpan<float> values, ReadOnlySpan<bool> unknown, int width, int height, float[] coarse, bool[] holes, int half)
    {
        for (var i = 0; i < coarse.Length; i++)
        {
            int left = i % half * 2, top = i / half * 2, count = 0;
            for (var y = top; y < Math.Min(top + 2, height); y++)
            {
                for (var x = left; x < Math.Min(left + 2, width); x++)
                {
                    if (unknown[(y * width) + x])
                        continue;
                    coarse[i] += values[(y * width) + x];
                    count++;
                }
            }
            holes[i] = count == 0;
            coarse[i] /= Math.Max(count, 1);
        }
    }

    private static void Relax(Span<float> values, ReadOnlySpan<bool> unknown, int width, int height)
    {
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var at = (y * width) + x;
                if (!unknown[at])
                    continue;
                float sum = 0;
                var count = 0;
                if (x > 0)
                    (sum, count) = (sum + values[at - 1], count + 1);
                if (x + 1 < width)
                    (sum, count) = (sum + values[at + 1], count + 1);
                if (y > 0)
                    (sum, count) = (sum + values[at - width], count + 1);
                if (y + 1 < height)
                    (sum, count) = (sum + values[at + width], count + 1);
                if (count > 0)
                    values[at] += Relaxation * ((sum / count) - values[at]);
            }
        }
    }
}
