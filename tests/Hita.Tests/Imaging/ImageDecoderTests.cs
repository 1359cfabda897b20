using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

public sealed class ImageDecoderTests
{
    private static Image Photo(byte[] file) => ImageDecoder.Decode(file, "photo");

    private static Image Plain(byte[] file) => ImageDecoder.Decode(file, "plain", ImageDecodeOptions.Plain);

    // Where the standard says the stored first row's left and right ends are seen: (x, y) as 0 for the low and 1 for the high end.
    [Theory]
    [InlineData(1, 0, 0, 1, 0)]
    [InlineData(2, 1, 0, 0, 0)]
    [InlineData(3, 1, 1, 0, 1)]
    [InlineData(4, 0, 1, 1, 1)]
    [InlineData(5, 0, 0, 0, 1)]
    [InlineData(6, 1, 0, 1, 1)]
    [InlineData(7, 1, 1, 1, 0)]
    [InlineData(8, 0, 1, 0, 0)]
    public void Every_orientation_is_turned_upright_for_photos_and_ignored_in_plain_mode(
        int orientation, int redX, int redY, int greenX, int greenY)
    {
        var stored = ImageFiles.Quarters(32, 16);
        var exif = ImageFiles.Exif(orientation, littleEndian: orientation % 2 == 0);
        var jpeg = ImageFiles.JpegWithExif(ImageFiles.Encode(stored, ImageFormat.Jpeg), exif);
        byte[] rows = [.. Enumerable.Range(0, 16).SelectMany(y => (byte[])[0, .. stored.Row(y)])];
        var png = ImageFiles.Png(32, 16, 8, 2, rows, ("eXIf", exif));
        foreach (var file in (byte[][])[jpeg, png, ImageFiles.WebpWithExif(stored, exif)])
        {
            var photo = Photo(file);
            Assert.Equal(orientation >= 5 ? (16, 32) : (32, 16), (photo.Width, photo.Height));
            Assert.True(photo[redX * (photo.Width - 1), redY * (photo.Height - 1)] is ( > 150, < 80, < 80));
            Assert.True(photo[greenX * (photo.Width - 1), greenY * (photo.Height - 1)] is ( < 80, > 150, < 80));
            var plain = Plain(file);
            Assert.Equal((32, 16), (plain.Width, plain.Height));
            Assert.True(plain[0, 0] is ( > 150, < 80, < 80));
        }
    }

    [Theory]
    [InlineData(45, 70)]
    [InlineData(1, 100)]
    public void Turning_moves_every_pixel_of_images_larger_than_a_tile(int width, int height)
    {
        var image = ImageFiles.Noise(width, height, 5);
        var right = image.Orient(6);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
                Assert.Equal(image[x, y], right[height - 1 - y, x]);
        }
        Assert.Equal(image.Pixels, right.Orient(8).Pixels);
        Assert.Equal(image.Pixels, image.Orient(7).Orient(7).Pixels);
        Assert.Equal(image.Orient(3).Pixels, right.Orient(6).Pixels);
        Assert.Equal(image.Orient(2).Pixels, image.FlipHorizontally().Pixels);
    }

    [Fact]
    public void Orientation_marks_that_are_broken_mean_upright()
    {
        var jpeg = ImageFiles.Encode(ImageFiles.Quarters(16, 8), ImageFormat.Jpeg);
        byte[] whole = ImageFiles.Exif(6, littleEndian: true);
        byte[][] blocks = [[], whole[..9], whole[..20], ImageFiles.Exif(0, true), ImageFiles.Exif(9, false), [.. "II*\0"u8, 255, 255, 255, 255]];
        foreach (var exif in blocks)
            Assert.Equal(16, Photo(ImageFiles.JpegWithExif(jpeg, exif)).Width);
    }

    [Fact]
    public void Transparent_places_become_white_in_photos_and_show_their_colour_in_plain_mode()
    {
        byte[] rows = [0, 10, 20, 30, 255, 100, 0, 200, 128, 40, 50, 60, 0];
        var png = ImageFiles.Png(3, 1, 8, 6, rows);
        // 128/255 of the colour and 127/255 of white.
        Assert.Equal([10, 20, 30, 177, 127, 227, 255, 255, 255], Photo(png).Pixels.ToArray());
        Assert.Equal([10, 20, 30, 100, 0, 200, 40, 50, 60], Plain(png).Pixels.ToArray());
    }

    [Fact]
    public void A_palette_with_transparency_is_read_like_alpha()
    {
        byte[] palette = [9, 8, 7, 200, 100, 50];
        var png = ImageFiles.Png(2, 1, 8, 3, [0, 0, 1], ("PLTE", palette), ("tRNS", [255, 0]));
        Assert.Equal([9, 8, 7, 255, 255, 255], Photo(png).Pixels.ToArray());
        Assert.Equal([9, 8, 7, 200, 100, 50], Plain(png).Pixels.ToArray());
    }

    [Fact]
    public void Samples_of_16_bits_keep_their_upper_8()
    {
        var color = ImageFiles.Png(2, 1, 16, 2, [0, 0x12, 0xFF, 0x80, 0x00, 0xFF, 0xFF, 0x00, 0xFF, 0x01, 0x00, 0xFE, 0x7F]);
        Assert.Equal([0x12, 0x80, 0xFF, 0x00, 0x01, 0xFE], Photo(color).Pixels.ToArray());
        Assert.Equal([0x12, 0x80, 0xFF, 0x00, 0x01, 0xFE], Plain(color).Pixels.ToArray());
        var grey = ImageFiles.Png(1, 1, 16, 0, [0, 0x40, 0x99]);
        Assert.Equal([0x40, 0x40, 0x40], Photo(grey).Pixels.ToArray());
    }

    [Fact]
    public void Greys_of_every_depth_become_three_equal_channels()
    {
        var bits = ImageFiles.Png(3, 1, 1, 0, [0, 0b0100_0000]);
        Assert.Equal([0, 0, 0, 255, 255, 255, 0, 0, 0], Photo(bits).Pixels.ToArray());
        var greyAlpha = ImageFiles.Png(2, 1, 8, 4, [0, 90, 255, 90, 0]);
        Assert.Equal([90, 90, 90, 255, 255, 255], Photo(greyAlpha).Pixels.ToArray());
        var jpeg = Photo(ImageFiles.FlatJpeg(adobe: false, 77));
        Assert.Equal((8, 8), (jpeg.Width, jpeg.Height));
        Assert.All(jpeg.Pixels.ToArray(), v => Assert.Equal(77, v));
    }

    [Fact]
    public void Progressive_files_are_read_like_any_other()
    {
        Assert.Equal(ImageFiles.FlatJpeg(false, 77).Length, ImageFiles.FlatJpeg(false, progressive: true, 77).Length);
        Assert.Equal(((byte)77, (byte)77, (byte)77), Photo(ImageFiles.FlatJpeg(false, progressive: true, 77))[5, 5]);
        var inks = ImageFiles.FlatJpeg(adobe: true, progressive: true, 200, 100, 50, 128);
        Assert.Equal(((byte)100, (byte)50, (byte)25), Photo(inks)[0, 7]);
        var error = Assert.Throws<ImageException>(() => Photo(inks[..^4]));
        Assert.Contains("cut off", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inks_of_a_CMYK_image_are_multiplied_by_black()
    {
        // Stored inverted, as every program does: 200·128/255, 100·128/255, 50·128/255.
        var image = Plain(ImageFiles.FlatJpeg(adobe: true, 200, 100, 50, 128));
        Assert.Equal(((byte)100, (byte)50, (byte)25), image[3, 4]);
        Assert.Equal(image.Pixels, Photo(ImageFiles.FlatJpeg(adobe: true, 200, 100, 50, 128)).Pixels);
    }

    [Fact]
    public void The_first_frame_of_an_animation_is_read()
    {
        var gif = ImageFiles.AnimatedGif([250, 1, 2, 3, 4, 240]);
        Assert.Equal([250, 1, 2, 3, 4, 240], Photo(gif).Pixels.ToArray());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 37)]
    [InlineData(53, 1)]
    [InlineData(17, 9)]
    public void Bitmaps_are_read_whichever_way_their_rows_go(int width, int height)
    {
        var image = ImageFiles.Noise(width, height, 3);
        Assert.Equal(image.Pixels, Photo(ImageFiles.Bmp(image)).Pixels);
        Assert.Equal(image.Pixels, Photo(ImageFiles.Bmp(image, topDown: true)).Pixels);
    }

    [Fact]
    public void A_stream_that_does_not_know_its_length_is_read_to_its_end()
    {
        var image = ImageFiles.Noise(40, 30, 8);
        using var file = new MemoryStream(ImageFiles.Encode(image, ImageFormat.Png));
        using var pipe = new BufferedStream(new ForwardOnly(file));
        Assert.Equal(image.Pixels, ImageDecoder.Decode(pipe, "a pipe").Pixels);
    }

    [Fact]
    public void Every_shared_image_is_read_as_a_photo_and_identified_without_decoding()
    {
        foreach (var path in Directory.GetFiles(TestFiles.Shared("images")))
        {
            var image = ImageDecoder.Decode(path);
            var info = ImageDecoder.Identify(path);
            Assert.Equal(
                info.Orientation >= 5 ? (info.Height, info.Width) : (info.Width, info.Height), (image.Width, image.Height));
            Assert.Equal(Path.GetFileName(path).StartsWith("exif", StringComparison.Ordinal), info.Orientation != 1);
        }
    }

    [Theory]
    [InlineData("a.JPEG", true)]
    [InlineData("folder.png/b.webp", true)]
    [InlineData("folder.png/b", false)]
    [InlineData("c.txt", false)]
    public void Images_are_picked_out_of_a_folder_by_their_names(string name, bool expected) =>
        Assert.Equal(expected, ImageDecoder.HasImageExtension(name));

    private sealed class ForwardOnly(Stream inner) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, 100));
        public override void Flush() => inner.Flush();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
