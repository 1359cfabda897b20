using Hita.Data;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>What chance does to an image, and that it does the same again.</summary>
public sealed class AugmentationTests
{
    [Theory]
    [InlineData(CropMethod.Center)]
    [InlineData(CropMethod.Random)]
    [InlineData(CropMethod.Ten)]
    public void The_result_depends_on_seed_epoch_and_image_alone(CropMethod crop)
    {
        var augmentation = new Augmentation { Size = 16, Crop = crop };
        var image = ImageFiles.Noise(40, 30, 1);
        var all = new List<string>();
        for (var i = 0; i < 40; i++)
        {
            var result = augmentation.Apply(image, 9, i / 8, i % 8);
            Assert.Equal((16, 16), (result.Width, result.Height));
            Assert.Equal(result.Pixels, augmentation.Apply(image, 9, i / 8, i % 8).Pixels);
            all.Add(Convert.ToHexString(result.Pixels));
        }
        // Of the ten crops of 17 pixels the middle one is the one at the top left.
        Assert.InRange(all.Distinct().Count(), crop switch { CropMethod.Center => 2, CropMethod.Ten => 7, _ => 30 }, crop switch { CropMethod.Center => 2, CropMethod.Ten => 8, _ => 40 });
    }

    [Fact]
    public void Half_of_the_images_are_mirrored_and_none_without_the_wish()
    {
        var image = ImageFiles.Noise(16, 16, 2);
        var augmentation = new Augmentation { Size = 16, Crop = CropMethod.Center };
        var mirrored = Enumerable.Range(0, 400).Count(i => !augmentation.Apply(image, 1, 0, i).Pixels.SequenceEqual(image.Pixels));
        Assert.InRange(mirrored, 150, 250);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Same(image, (augmentation with { Flip = false }).Apply(image, 1, 0, i)));
    }

    [Fact]
    public void Random_squares_have_the_sizes_of_the_protocol()
    {
        // A ramp tells by its slope how far it was enlarged: the short side becomes 64 to 80 pixels.
        var ramp = new Image(64, 64);
        for (var y = 0; y < 64; y++)
        {
            for (var x = 0; x < 64; x++)
                ramp[x, y] = ((byte)(4 * x), 0, 0);
        }
        var spans = new List<int>();
        for (var i = 0; i < 300; i++)
        {
            var square = new Augmentation { Size = 64, Flip = false }.Apply(ramp, 5, 0, i);
            spans.Add(square[56, 30].Red - square[8, 30].Red);
        }
        Assert.InRange(spans.Min(), 150, 158); // 4 · 48 · 64 / 80 = 153.6
        Assert.InRange(spans.Max(), 188, 194); // 4 · 48
    }

    [Fact]
    public void Ten_crops_are_corners_and_middle_and_their_mirror_images()
    {
        var image = ImageFiles.Noise(20, 20, 3);
        var augmentation = new Augmentation { Size = 16, Crop = CropMethod.Ten, TenCropScales = [1.25, 1.0] };
        Assert.Equal(20, augmentation.VariantCount);
        (int X, int Y)[] places = [(0, 0), (4, 0), (0, 4), (4, 4), (2, 2)];
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(image.Crop(places[i].X, places[i].Y, 16, 16).Pixels, augmentation.ApplyVariant(image, i).Pixels);
            Assert.Equal(image.FlipHorizontally().Crop(places[i].X, places[i].Y, 16, 16).Pixels, augmentation.ApplyVariant(image, 5 + i).Pixels);
            Assert.Equal(augmentation.ApplyVariant(image, 10).Pixels, augmentation.ApplyVariant(image, 10 + i).Pixels);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => augmentation.ApplyVariant(image, 20));
    }

    [Fact]
    public void Variants_without_ten_crops_are_the_centre_and_its_mirror_image()
    {
        var image = ImageFiles.Noise(30, 20, 4);
        var augmentation = new Augmentation { Size = 16 };
        Assert.Equal(2, augmentation.VariantCount);
        Assert.Equal(AdmCrops.Center(image, 16).Pixels, augmentation.ApplyVariant(image, 0).Pixels);
        Assert.Equal(AdmCrops.Center(image, 16).FlipHorizontally().Pixels, augmentation.ApplyVariant(image, 1).Pixels);
        Assert.Equal(1, augmentation.Still.VariantCount);
    }

    [Fact]
    public void Strips_are_cut_before_they_are_enlarged()
    {
        var strip = new Image(30_000, 2);
        strip.Fill(9, 9, 9);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(9, new Augmentation { Size = 64 }.Apply(strip, 1, 0, 0)[5, 5].Green);
        Assert.Equal(9, new Augmentation { Size = 64 }.ApplyVariant(strip, 1)[5, 5].Green);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 << 20);
    }

    [Fact]
    public void Faults_are_listed() =>
        Assert.Equal(3, Assert.Throws<ConfigException>(() => new Augmentation { Size = 0, Crop = (CropMethod)9, TenCropScales = [] }.Validate()).Faults.Count);
}
