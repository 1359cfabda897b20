using Hita.Imaging;

namespace Hita.Studies;

/// <summary>Numbers that tell what an image's structure, colours and textures are.</summary>
internal static class ImageStatistics
{
    /// <summary>The luminance of each pixel, 0 to 255.</summary>
    public static double[] Luminance(Image image)
    {
        var grey = new double[image.Width * image.Height];
        for (var i = 0; i < grey.Length; i++)
            grey[i] = (0.299 * image.Pixels[3 * i]) + (0.587 * image.Pixels[(3 * i) + 1]) + (0.114 * image.Pixels[(3 * i) + 2]);
        return grey;
    }

    /// <summary>How alike the edges of two images lie: the correlation of their gradients' strengths (Sobel), −1 to 1.</summary>
    public static double EdgeCorrelation(Image a, Image b) => Correlation(Edges(a), Edges(b));

    /// <summary>The distance of two images' colours: of means and spreads of red, green and blue, in levels of 255.</summary>
    public static double ColourDistance(Image a, Image b)
    {
        double sum = 0;
        for (var channel = 0; channel < 3; channel++)
        {
            var (meanA, spreadA) = Moments(a, channel);
            var (meanB, spreadB) = Moments(b, channel);
            sum += Math.Pow(meanA - meanB, 2) + Math.Pow(spreadA - spreadB, 2);
        }
        return Math.Sqrt(sum);
    }

    /// <summary>The distance of two images' textures: of the logarithms of the contrast in four octaves of luminance detail.</summary>
    public static double TextureDistance(Image a, Image b)
    {
        var (x, y) = (Octaves(a), Octaves(b));
        return Math.Sqrt(x.Zip(y, static (p, q) => (p - q) * (p - q)).Sum());
    }

    /// <summary>An image whose mean colour has been moved to another image's: the plainest transfer of style.</summary>
    public static Image MeanColourTransfer(Image content, Image style)
    {
        var result = content.Copy();
        for (var channel = 0; channel < 3; channel++)
        {
            var shift = Moments(style, channel).Mean - Moments(content, channel).Mean;
            for (var i = channel; i < result.Pixels.Length; i += 3)
                result.Pixels[i] = (byte)Math.Clamp(Math.Round(content.Pixels[i] + shift), 0, 255);
        }
        return result;
    }

    private static (double Mean, double Spread) Moments(Image image, int channel)
    {
        double sum = 0, squares = 0;
        var count = image.Width * image.Height;
        for (var i = channel; i < image.Pixels.Length; i += 3)
        {
            sum += image.Pixels[i];
            squares += (double)image.Pixels[i] * image.Pixels[i];
        }
        var mean = sum / count;
        return (mean, Math.Sqrt(Math.Max((squares / count) - (mean * mean), 0)));
    }

    private static double[] Edges(Image image)
    {
        var grey = Luminance(image);
        int width = image.Width, height = image.Height;
        var edges = new double[(width - 2) * (height - 2)];
        for (var y = 1; y < height - 1; y++)
        {
            for (var x = 1; x < width - 1; x++)
            {
                double At(int dx, int dy) => grey[((y + dy) * width) + x + dx];
                var across = At(1, -1) + (2 * At(1, 0)) + At(1, 1) - At(-1, -1) - (2 * At(-1, 0)) - At(-1, 1);
                var down = At(-1, 1) + (2 * At(0, 1)) + At(1, 1) - At(-1, -1) - (2 * At(0, -1)) - At(1, -1);
                edges[((y - 1) * (width - 2)) + x - 1] = Math.Sqrt((across * across) + (down * down));
            }
        }
        return edges;
    }

    private static double Correlation(double[] a, double[] b)
    {
        double meanA = a.Average(), meanB = b.Average(), product = 0, squareA = 0, squareB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            product += (a[i] - meanA) * (b[i] - meanB);
            squareA += (a[i] - meanA) * (a[i] - meanA);
            squareB += (b[i] - meanB) * (b[i] - meanB);
        }
        return squareA * squareB == 0 ? 0 : product / Math.Sqrt(squareA * squareB);
    }

    // The difference between an image and its half-size copy, four times over.
    private static double[] Octaves(Image image)
    {
        var octaves = new double[4];
        var level = image;
        for (var i = 0; i < octaves.Length; i++)
        {
            var half = level.Resize(Math.Max(level.Width / 2, 1), Math.Max(level.Height / 2, 1), ResamplingFilter.Box);
            var back = half.Resize(level.Width, level.Height);
            var (a, b) = (Luminance(level), Luminance(back));
            octaves[i] = Math.Log(1 + Math.Sqrt(a.Zip(b, static (x, y) => (x - y) * (x - y)).Average()));
            level = half;
        }
        return octaves;
    }
}
