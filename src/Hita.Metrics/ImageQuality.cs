using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>How alike two images are, pixel by pixel.</summary>
public static class ImageQuality
{
    /// <summary>The side of SSIM's windows in pixels, and the smallest side of an image it can be computed for.</summary>
    public const int SsimWindow = 7;

    /// <summary>
    /// The range that the published script gives to SSIM. Its pixels lie in [0, 1], so that 1 would be right; with 2 every
    /// result is too high. For comparing with published numbers only.
    /// </summary>
    public const double PublishedSsimRange = 2;

    /// <summary>The mean squared difference of the samples, in units of 0 to 255 squared.</summary>
    /// <param name="a">One image.</param>
    /// <param name="b">The other, of the same size.</param>
    /// <exception cref="HitaException">The sizes differ.</exception>
    public static double MeanSquaredError(Image a, Image b)
    {
        CheckSizes(a, b);
        ReadOnlySpan<byte> left = a.Pixels;
        ReadOnlySpan<byte> right = b.Pixels;
        var sum = 0L;
        for (var i = 0; i < left.Length; i++)
        {
            var difference = left[i] - right[i];
            sum += difference * difference;
        }
        return (double)sum / left.Length;
    }

    /// <summary>The peak signal-to-noise ratio in decibels: 10 log10 of the full range squared over the mean squared error.</summary>
    /// <param name="a">One image.</param>
    /// <param name="b">The other, of the same size.</param>
    /// <returns>The more, the more alike; positive infinity for equal images.</returns>
    /// <exception cref="HitaException">The sizes differ.</exception>
    public static double Psnr(Image a, Image b) => 10 * Math.Log10(255.0 * 255.0 / MeanSquaredError(a, b));

    /// <summary>
    /// Structural similarity: the mean over the three channels of the mean over all windows of 7×7 pixels that lie inside,
    /// with sample covariances and the constants 0.01 and 0.03.
    /// </summary>
    /// <param name="a">One image.</param>
    /// <param name="b">The other, of the same size, 7 pixels or more a side.</param>
    /// <param name="range">The range of pixels in [0, 1], which is 1; see <see cref="PublishedSsimRange"/>.</param>
    /// <returns>From −1 to 1, which is reached by equal images.</returns>
    /// <exception cref="HitaException">The sizes differ or are too small.</exception>
    public static double Ssim(Image a, Image b, double range = 1)
    {
        CheckSizes(a, b);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(range);
        if (a.Width < SsimWindow || a.Height < SsimWindow)
            throw new HitaException($"SSIM needs images of {SsimWindow} pixels or more a side, not {a.Width}×{a.Height}.");
        var sum = 0.0;
        for (var channel = 0; channel < Image.Channels; channel++)
            sum += new SsimChannel(a, b, channel, range).Mean();
        return sum / Image.Channels;
    }

    private static void CheckSizes(Image a, Image b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Width != b.Width || a.Height != b.Height)
            throw new HitaException($"Images of {a.Width}×{a.Height} and {b.Width}×{b.Height} pixels cannot be compared pixel by pixel.");
    }
}

/// <summary>SSIM of one channel. Sums over windows are whole numbers, so that only the last few steps round.</summary>
internal ref struct SsimChannel
{
    private const int Side = ImageQuality.SsimWindow;
    private const int Count = Side * Side;

    private readonly ReadOnlySpan<byte> _a;
    private readonly ReadOnlySpan<byte> _b;
    private readonly int _width;
    private readonly int _height;
    private readonly int _channel;
    private readonly double _c1;
    private readonly double _c2;

    // Sums down the columns of the current seven rows.
    private readonly Sums[] _columns;

    public SsimChannel(Image a, Image b, int channel, double range)
    {
        _a = a.Pixels;
        _b = b.Pixels;
        (_width, _height, _channel) = (a.Width, a.Height, channel);
        _c1 = Math.Pow(0.01 * range, 2);
        _c2 = Math.Pow(0.03 * range, 2);
        _columns = new Sums[_width];
    }

    public double Mean()
    {
        var total = 0.0;
        for (var y = 0; y < _height; y++)
        {
            Slide(y, 1);
            if (y >= Side)
                Slide(y - Side, -1);
            if (y >= Side - 1)
                total += Row();
        }
        return total / ((double)(_width - Side + 1) * (_height - Side + 1));
    }

    private void Slide(int y, int sign)
    {
        for (int x = 0, at = (y * _width * Image.Channels) + _channel; x < _width; x++, at += Image.Channels)
            _columns[x].Add(_a[at], _b[at], sign);
    }

    private double Row()
    {
        var total = 0.0;
        var window = default(Sums);
        for (var x = 0; x < _width; x++)
        {
            window.Add(_columns[x], 1);
            if (x >= Side)
                window.Add(_columns[x - Side], -1);
            if (x >= Side - 1)
                total += Similarity(window);
        }
        return total;
    }

    private readonly double Similarity(Sums sums)
    {
        const double MeanScale = 1.0 / (Count * 255.0);
        const double VarianceScale = 1.0 / (Count * (Count - 1.0) * 255.0 * 255.0);
        var (ma, mb) = (sums.A * MeanScale, sums.B * MeanScale);
        var va = ((Count * sums.AA) - (sums.A * sums.A)) * VarianceScale;
        var vb = ((Count * sums.BB) - (sums.B * sums.B)) * VarianceScale;
        var ab = ((Count * sums.AB) - (sums.A * sums.B)) * VarianceScale;
        return ((2 * ma * mb) + _c1) * ((2 * ab) + _c2) / (((ma * ma) + (mb * mb) + _c1) * (va + vb + _c2));
    }

    private struct Sums
    {
        public int A;
        public int B;
        public int AA;
        public int BB;
        public int AB;

        public void Add(int a, int b, int sign)
        {
            A += sign * a;
            B += sign * b;
            AA += sign * a * a;
            BB += sign * b * b;
            AB += sign * a * b;
        }

        public void Add(in Sums other, int sign)
        {
            A += sign * other.A;
            B += sign * other.B;
            AA += sign * other.AA;
            BB += sign * other.BB;
            AB += sign * other.AB;
        }
    }
}
