using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

public sealed class ResamplingTests
{
    public static TheoryData<ResamplingFilter, int[], int[]> Rows => new()
    {
        // Means, with halves rounded up.
        { ResamplingFilter.Box, [10, 20, 30, 41], [15, 36] },
        // Two and a half pixels each: the first target takes three, the second two.
        { ResamplingFilter.Box, [30, 60, 90, 100, 200], [60, 150] },
        { ResamplingFilter.Box, [7, 9], [7, 7, 9, 9] },
        { ResamplingFilter.Box, [7, 9], [7, 9, 9] },
        { ResamplingFilter.Box, [0, 255, 9], [88] },
        // Weights at distances ¼ and 1¼ (0.8671875, −0.0703125), then ¼ and ¾ (0.8671875, 0.2265625), divided by their sums.
        { ResamplingFilter.Bicubic, [100, 200], [91, 121, 179, 209] },
        // The same, below black and above white.
        { ResamplingFilter.Bicubic, [0, 255], [0, 53, 202, 255] },
        // Widened twice: 255 · (0.2265625 − 0.0703125) / 1.890625.
        { ResamplingFilter.Bicubic, [0, 0, 255, 255], [21, 234] },
        { ResamplingFilter.Bicubic, [77], [77, 77, 77] },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Small_cases_come_out_as_computed_by_hand(ResamplingFilter filter, int[] row, int[] expected)
    {
        var image = new Image(row.Length, 1, [.. row.SelectMany(v => (byte[])[(byte)v, (byte)(255 - v), (byte)v])]);
        var resized = image.Resize(expected.Length, 1, filter);
        Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(x => (int)resized[x, 0].Red));
        Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(x => (int)resized[x, 0].Blue));

        var column = image.Orient(5).Resize(1, expected.Length, filter);
        Assert.Equal(resized.Pixels, column.Pixels);
    }

    [Theory]
    [InlineData(31, 8, 8)]
    [InlineData(31, 8, 90)]
    [InlineData(16, 40, 13)]
    [InlineData(5, 300, 1)]
    public void Columns_are_resized_exactly_as_rows_are(int width, int height, int newHeight)
    {
        var image = ImageFiles.Noise(width, height, 6);
        foreach (var filter in Enum.GetValues<ResamplingFilter>())
        {
            var columns = image.Resize(width, newHeight, filter);
            var rows = image.Orient(5).Resize(newHeight, width, filter).Orient(5);
            Assert.Equal(rows.Pixels, columns.Pixels);
        }
    }

    [Fact]
    public void Rows_are_resized_and_rounded_before_columns()
    {
        var image = ImageFiles.Noise(50, 37, 7);
        var both = image.Resize(20, 51);
        Assert.Equal(image.Resize(20, 37).Resize(20, 51).Pixels, both.Pixels);
    }

    [Fact]
    public void A_flat_image_stays_flat_at_any_size()
    {
        var image = new Image(19, 23);
        image.Fill(255, 3, 128);
        foreach (var (width, height) in ((int, int)[])[(1, 1), (7, 100), (19, 5), (200, 23), (64, 64)])
        {
            foreach (var filter in Enum.GetValues<ResamplingFilter>())
            {
                var resized = image.Resize(width, height, filter);
                for (var x = 0; x < width; x++)
                    Assert.Equal(((byte)255, (byte)3, (byte)128), resized[x, height - 1]);
            }
        }
    }

    [Fact]
    public void The_same_size_gives_a_copy_that_shares_nothing()
    {
        var image = ImageFiles.Noise(6, 5, 1);
        var copy = image.Resize(6, 5);
        Assert.Equal(image.Pixels, copy.Pixels);
        copy.Pixels.Clear();
        Assert.True(image.Pixels.ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Sizes_without_pixels_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(3, 3).Resize(0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(3, 3).Resize(3, -1));
    }
}
