namespace Hita.Imaging;

/// <summary>How near two images are.</summary>
public static class ImageComparison
{
    /// <summary>The peak signal-to-noise ratio of two images over all channels, for samples of 0 to 255.</summary>
    /// <param name="a">One image.</param>
    /// <param name="b">Another of the same size.</param>
    /// <returns>In decibels; infinite for equal images.</returns>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static double Psnr(Image a, Image b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Width != b.Width || a.Height != b.Height)
            throw new ArgumentException($"An image of {a.Width}×{a.Height} pixels cannot be compared with one of {b.Width}×{b.Height}.", nameof(b));
        var sum = 0L;
        ReadOnlySpan<byte> left = a.Pixels, right = b.Pixels;
        for (var i = 0; i < left.Length; i++)
        {
            var difference = left[i] - right[i];
            sum += difference * difference;
        }
        return 10 * Math.Log10(255.0 * 255 * left.Length / sum);
    }
}
