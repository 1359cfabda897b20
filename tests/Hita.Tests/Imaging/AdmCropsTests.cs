using System.Globalization;
using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

public sealed class AdmCropsTests(ITestOutputHelper output)
{
    [Fact]
    public void The_centre_crops_of_the_published_protocol_are_reproduced()
    {
        var vectors = new RawTensors(TestFiles.Shared("parity/tiny/center-crop.safetensors"));
        Assert.Equal(23, vectors.Names.Count);
        foreach (var name in vectors.Names)
        {
            var dot = name.LastIndexOf('.');
            var size = int.Parse(name[(dot + 1)..], CultureInfo.InvariantCulture);
            var image = ImageDecoder.Decode(TestFiles.Shared($"images/{name[..dot]}"), ImageDecodeOptions.Plain);
            ReadOnlySpan<byte> crop = AdmCrops.Center(image, size).Pixels;
            var expected = vectors.Bytes(name, out var shape);
            Assert.Equal([size, size, 3], shape);
            var (worst, sum) = (0, 0L);
            for (var i = 0; i < expected.Length; i++)
            {
                var difference = Math.Abs(expected[i] - crop[i]);
                worst = Math.Max(worst, difference);
                sum += difference;
            }
            var mean = (double)sum / expected.Length;
            output.WriteLine($"{name}: worst {worst}, mean {mean:0.00000}");
            Assert.True(worst <= 1, $"{name}: the worst difference is {worst}");
            Assert.True(mean < 0.05, $"{name}: the mean difference is {mean}");
        }
    }
    [Fact]
    public void A_random_crop_is_a_part_of_the_resized_image_chosen_by_the_seed()
    {
        var image = ImageFiles.Noise(90, 61, 1);
        var sizes = new HashSet<int>();
        for (var seed = 0; seed < 40; seed++)
        {
            var crop = AdmCrops.RandomSquare(image, 8, new Random(seed));
            var random = new Random(seed);
            var size = random.Next(8, 11);
            sizes.Add(size);
            // 61 is halved to 30 and 15, which is below 2·8.
            var resized = image.Resize(45, 30, ResamplingFilter.Box).Resize(22, 15, ResamplingFilter.Box);
            resized = resized.Resize((int)Math.Round(22.0 * size / 15), size);
            var y = random.Next(size - 7);
            var x = random.Next(resized.Width - 7);
            Assert.Equal(resized.Crop(x, y, 8, 8).Pixels, crop.Pixels);
        }
        Assert.Equal([8, 9, 10], sizes.Order());
    }

    [Theory]
    [InlineData(1, 1, 16)]
    [InlineData(1, 50, 16)]
    [InlineData(3, 2, 64)]
    [InlineData(64, 64, 64)]
    public void Images_of_any_size_are_cropped(int width, int height, int size)
    {
        var image = ImageFiles.Noise(width, height, 1);
        var centre = AdmCrops.Center(image, size);
        Assert.Equal((size, size), (centre.Width, centre.Height));
        var random = AdmCrops.RandomSquare(image, size, new Random(1));
        Assert.Equal((size, size), (random.Width, random.Height));
        if (width == size)
            Assert.Equal(image.Pixels, centre.Pixels);
    }

    [Fact]
    public void About_half_of_the_images_are_flipped()
    {
        var image = ImageFiles.Quarters(4, 4);
        var random = new Random(3);
        var flipped = Enumerable.Range(0, 400).Count(_ => AdmCrops.RandomFlip(image, random)[0, 0] != image[0, 0]);
        Assert.InRange(flipped, 150, 250);
    }
}
