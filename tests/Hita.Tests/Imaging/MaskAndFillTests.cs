using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;
using SkiaSharp;

namespace Hita.Tests.Imaging;

public sealed class MaskAndFillTests
{
    [Theory]
    [InlineData("3,4,5,6", 3, 4, 5, 6)]
    [InlineData("-3, 4,5,60", 0, 4, 2, 6)]
    public void Boxes_are_read_and_cut_to_the_image(string text, int x, int y, int width, int height) =>
        Assert.Equal(new PixelBox(x, y, width, height), PixelBox.Parse(text).ClipTo(10, 10));

    [Theory]
    [InlineData("")]
    [InlineData("1,2,3")]
    [InlineData("1,2,3,4,5")]
    [InlineData("1,2,0,4")]
    [InlineData("1,2,3,x")]
    [InlineData("2147483647,0,1,1")]
    public void What_is_no_box_is_refused(string text) =>
        Assert.Contains("x,y,width,height", Assert.Throws<HitaException>(() => PixelBox.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_box_outside_is_refused_with_the_range()
    {
        var error = Assert.Throws<HitaException>(() => new PixelBox(10, 0, 5, 5).ClipTo(10, 8));
        Assert.Contains("columns are 0 to 9", error.Message, StringComparison.Ordinal);
        Assert.Contains("rows are 0 to 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bright_pixels_are_marked_and_a_mask_is_scaled_to_its_shape()
    {
        var sampling = new Image(4, 2);
        sampling[0, 0] = (255, 255, 255);
        sampling[3, 1] = (0, 255, 0);
        sampling[1, 0] = (127, 127, 127);
        var mask = ImageMask.FromImage(sampling);
        Assert.Equal([true, false, false, false, false, false, false, true], mask.Marks.ToArray());
        Assert.Equal(new PixelBox(0, 0, 4, 2), mask.Bounds);
        var large = mask.For(8, 4);
        Assert.Equal(8, large.Count);
        Assert.True(large[1, 1] && large[6, 2] && !large[2, 0]);
        Assert.Equal(mask.Marks.ToArray(), large.For(4, 2).Marks.ToArray());
        Assert.Same(mask, mask.For(4, 2));
        Assert.Contains("another shape", Assert.Throws<HitaException>(() => mask.For(4, 4)).Message, StringComparison.Ordinal);
        Assert.Equal(mask.Marks.ToArray(), ImageMask.FromImage(mask.ToImage()).Marks.ToArray());
        Assert.Null(new ImageMask(3, 3).Bounds);
        Assert.Equal(6, ImageMask.LowerHalf(2, 5).Count);
    }

    [Fact]
    public void A_slope_is_filled_as_it_was()
    {
        var image = new Image(50, 40);
        for (var y = 0; y < 40; y++)
        {
            for (var x = 0; x < 50; x++)
                image[x, y] = ((byte)(4 * x), (byte)(5 * y), (byte)((2 * x) + (3 * y)));
        }
        var mask = ImageMask.Box(50, 40, new PixelBox(9, 8, 30, 22));
        var holes = image.Copy();
        for (var i = 0; i < mask.Marks.Length; i++)
        {
            if (mask.Marks[i])
                holes.Pixels.Slice(3 * i, 3).Fill(255);
        }
        var filled = HarmonicFill.Fill(holes, mask);
        for (var i = 0; i < filled.Pixels.Length; i++)
            Assert.InRange(filled.Pixels[i] - image.Pixels[i], -2, 2);
        // What was under the mask does not matter, and the outside stays.
        Assert.Equal(filled.Pixels.ToArray(), HarmonicFill.Fill(image, mask).Pixels.ToArray());
    }

    [Fact]
    public void A_fill_keeps_within_its_border_and_needs_one()
    {
        float[] values = [10, 0, 0, 0, 20];
        HarmonicFill.Fill(values, [false, true, true, true, false], 5, 1);
        Assert.Equal(12.5f, values[1], 0.05f);
        Assert.Equal(15f, values[2], 0.05f);
        Assert.Throws<ArgumentException>(() => HarmonicFill.Fill(new float[4], [true, true, true, true], 2, 2));
    }

    [Fact]
    public void Frames_of_an_animation_come_back_in_order()
    {
        using var folder = new TemporaryFolder();
        var frames = Enumerable.Range(0, 4).Select(static i => Noise(33, 20, i)).ToList();
        AnimatedWebp.Write(frames, folder["a.webp"], 120, loops: 3, new ImageWriteOptions { Lossless = true });
        using var codec = SKCodec.Create(folder["a.webp"]);
        Assert.Equal(4, codec.FrameCount);
        Assert.Equal(3 - 1, codec.RepetitionCount); // Repetitions after the first time.
        var info = new SKImageInfo(33, 20, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(120, codec.FrameInfo[i].Duration);
            using var bitmap = new SKBitmap(info);
            Assert.Equal(SKCodecResult.Success, codec.GetPixels(info, bitmap.GetPixels(), new SKCodecOptions(i)));
            var pixels = bitmap.GetPixelSpan();
            for (var p = 0; p < 33 * 20; p++)
                Assert.True(pixels.Slice(4 * p, 3).SequenceEqual(frames[i].Pixels.Slice(3 * p, 3)));
        }
        Assert.Equal(frames[0].Pixels.ToArray(), ImageDecoder.Decode(folder["a.webp"]).Pixels.ToArray());
    }

    [Fact]
    public void A_lossy_animation_is_smaller_and_impossible_ones_are_refused()
    {
        var frames = Enumerable.Range(0, 3).Select(static i => Noise(64, 64, i)).ToList();
        Assert.True(Bytes(new ImageWriteOptions { Quality = 30 }) < Bytes(new ImageWriteOptions { Lossless = true }));
        Assert.Throws<ArgumentException>(() => AnimatedWebp.Write([], Stream.Null, 10));
        Assert.Throws<ArgumentException>(() => AnimatedWebp.Write([frames[0], Noise(10, 10, 1)], Stream.Null, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => AnimatedWebp.Write(frames, Stream.Null, 0));
        Assert.Throws<ImageException>(() => AnimatedWebp.Write([new Image(20000, 1)], Stream.Null, 10));

        long Bytes(ImageWriteOptions options)
        {
            using var stream = new MemoryStream();
            AnimatedWebp.Write(frames, stream, 40, options: options);
            Assert.Equal(stream.Length - 8, BitConverter.ToInt32(stream.GetBuffer(), 4));
            return stream.Length;
        }
    }

    private static Image Noise(int width, int height, int seed)
    {
        var image = new Image(width, height);
        new Random(seed).NextBytes(image.Pixels);
        return image;
    }
}
