using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Metrics;

public sealed class ImageQualityTests
{
    [Fact]
    public void Equal_images_are_as_alike_as_can_be()
    {
        var image = ImageFiles.Noise(20, 15, 1);
        Assert.Equal(double.PositiveInfinity, ImageQuality.Psnr(image, image.Copy()));
        Assert.Equal(1, ImageQuality.Ssim(image, image.Copy()), 1e-12);
    }

    [Fact]
    public void The_ratio_of_black_and_white_is_none()
    {
        var (black, white) = (new Image(8, 8), new Image(8, 8));
        white.Fill(255, 255, 255);
        Assert.Equal(0, ImageQuality.Psnr(black, white), 1e-12);
        // Both flat: what is left is C1 / (1 + C1).
        Assert.Equal(1e-4 / 1.0001, ImageQuality.Ssim(black, white), 1e-12);
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(13, 9)]
    public void Similarity_equals_that_of_windows_taken_one_by_one(int width, int height)
    {
        var (a, b) = (ImageFiles.Noise(width, height, 1), ImageFiles.Noise(width, height, 2));
        Assert.Equal(OneByOne(a, b), ImageQuality.Ssim(a, b), 1e-12);
        Assert.Equal(ImageQuality.Ssim(b, a), ImageQuality.Ssim(a, b), 1e-12);
    }

    [Fact]
    public void Means_leave_out_the_infinite_ratio_of_equal_images_and_count_them()
    {
        var (a, b) = (ImageFiles.Noise(10, 10, 1), ImageFiles.Noise(10, 10, 2));
        var statistics = new ImageQualityStatistics();
        statistics.Add(a, b);
        statistics.Add(a, a);
        Assert.Equal((2L, 1L), (statistics.Count, statistics.IdenticalCount));
        Assert.Equal(ImageQuality.Psnr(a, b), statistics.Psnr.Mean, 1e-12);
        Assert.Equal((ImageQuality.Ssim(a, b) + 1) / 2, statistics.Ssim.Mean, 1e-12);
        Assert.Equal(ImageQuality.MeanSquaredError(a, b) / 2, statistics.MeanSquaredError.Mean, 1e-9);
    }

    [Fact]
    public void Merged_parts_and_resumed_runs_equal_the_whole()
    {
        using var folder = new TemporaryFolder();
        var pairs = Enumerable.Range(0, 9).Select(i => (A: ImageFiles.Noise(8, 8, i), B: ImageFiles.Noise(8, 8, i / 2 * 2))).ToArray();
        var (whole, first, second) = (new ImageQualityStatistics(2), new ImageQualityStatistics(2), new ImageQualityStatistics(2));
        for (var i = 0; i < pairs.Length; i++)
        {
            whole.Add(pairs[i].A, pairs[i].B);
            (i < 4 ? first : second).Add(pairs[i].A, pairs[i].B);
        }
        new AccumulatorWriter().Add("quality", first).Save(folder["state"]);
        using var file = AccumulatorReader.Open(folder["state"]);
        foreach (var joined in new[] { first, file.Read<ImageQualityStatistics>("quality") })
        {
            joined.Merge(second);
            Assert.Equal((whole.Count, whole.IdenticalCount, whole.SsimRange), (joined.Count, joined.IdenticalCount, joined.SsimRange));
            Assert.Equal(whole.Psnr.Mean, joined.Psnr.Mean, 1e-12);
            Assert.Equal(whole.Psnr.StandardDeviation, joined.Psnr.StandardDeviation, 1e-9);
            Assert.Equal(whole.Ssim.Mean, joined.Ssim.Mean, 1e-12);
        }
        Assert.Throws<ArgumentException>(() => first.Merge(new ImageQualityStatistics(1)));
    }

    [Fact]
    public void Images_that_cannot_be_compared_are_refused()
    {
        Assert.Contains("8×8 and 8×9", Assert.Throws<HitaException>(() => ImageQuality.Psnr(new Image(8, 8), new Image(8, 9))).Message, StringComparison.Ordinal);
        Assert.Contains("7 pixels", Assert.Throws<HitaException>(() => ImageQuality.Ssim(new Image(8, 6), new Image(8, 6))).Message, StringComparison.Ordinal);
    }

    private static double OneByOne(Image a, Image b)
    {
        var values = new List<double>();
        for (var channel = 0; channel < 3; channel++)
        {
            for (var top = 0; top + 7 <= a.Height; top++)
            {
                for (var left = 0; left + 7 <= a.Width; left++)
                {
                    var places = Enumerable.Range(0, 49).Select(i => (left + i % 7 + (top + i / 7) * a.Width) * 3 + channel).ToArray();
                    var (x, y) = (Array.ConvertAll(places, p => a.Pixels[p] / 255.0), Array.ConvertAll(places, p => b.Pixels[p] / 255.0));
                    var (mx, my) = (x.Average(), y.Average());
                    var (vx, vy) = (x.Sum(v => (v - mx) * (v - mx)) / 48, y.Sum(v => (v - my) * (v - my)) / 48);
                    var xy = x.Zip(y).Sum(p => (p.First - mx) * (p.Second - my)) / 48;
                    values.Add((2 * mx * my + 1e-4) * (2 * xy + 9e-4) / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4)));
                }
            }
        }
        return values.Average();
    }
}
