using System.Buffers.Binary;
using System.Diagnostics;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

public sealed class ImageRefusalTests
{
    [Theory]
    [InlineData("", "empty")]
    [InlineData("This is a shopping list.\nEggs", "text file")]
    [InlineData("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "SVG")]
    [InlineData("\0\0\0\u0018ftypheic\0\0\0\0", "HEIC")]
    [InlineData("\0\0\0\u0018ftypavif\0\0\0\0", "AVIF")]
    [InlineData("\0\0\0\u0018ftypisom\0\0\0\0", "video")]
    [InlineData("II*\0\u0008\0\0\0", "TIFF")]
    [InlineData("MM\0*\0\0\0\u0008", "TIFF")]
    [InlineData("\0\u0001\u0002\u0003\u0004", "known format")]
    public void What_is_no_readable_image_is_named(string text, string word)
    {
        var file = System.Text.Encoding.Latin1.GetBytes(text);
        var error = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "holiday.jpg"));
        Assert.StartsWith("holiday.jpg: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_files_and_folders_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        var missing = Assert.Throws<ImageException>(() => ImageDecoder.Decode(folder["none.png"]));
        Assert.Contains("no such file", missing.Message, StringComparison.Ordinal);
        var directory = Assert.Throws<ImageException>(() => ImageDecoder.Decode(folder.Path));
        Assert.Contains("folder", directory.Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder["empty.jpg"], []);
        var empty = Assert.Throws<ImageException>(() => ImageDecoder.Decode(folder["empty.jpg"]));
        Assert.Contains("empty", empty.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ImageFormat.Jpeg)]
    [InlineData(ImageFormat.Png)]
    [InlineData(ImageFormat.Webp)]
    [InlineData(ImageFormat.Bmp)]
    public void An_image_cut_off_anywhere_is_refused(ImageFormat format)
    {
        var image = ImageFiles.Noise(40, 40, 1);
        var file = format == ImageFormat.Bmp ? ImageFiles.Bmp(image) : ImageFiles.Encode(image, format);
        foreach (var share in (double[])[0.001, 0.02, 0.3, 0.5, 0.9])
        {
            var error = Assert.Throws<ImageException>(
                () => ImageDecoder.Decode(file.AsSpan(0, Math.Max((int)(file.Length * share), 10)), "half"));
            Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        }
        var late = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file.AsSpan(0, file.Length * 9 / 10), "half"));
        Assert.Contains("cut off", late.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100_000, 100_000)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(1, int.MaxValue)]
    [InlineData(10_001, 10_000)]
    public void A_size_beyond_the_limit_is_refused_from_the_header(int width, int height)
    {
        var png = ImageFiles.Png(width, height, 8, 6, [0]);
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ImageException>(() => ImageDecoder.Decode(png, "bomb.png"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1);
        Assert.Contains($"{width}×{height}", error.Message, StringComparison.Ordinal);
        Assert.Contains("limit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_within_the_limit_that_the_file_is_too_short_for_is_refused_without_allocating()
    {
        var jpeg = ImageFiles.Encode(ImageFiles.Noise(16, 16, 2), ImageFormat.Jpeg);
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), 9_000);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 7), 9_000);
        byte[][] files =
        [
            jpeg,
            ImageFiles.Png(9_000, 9_000, 8, 2, [0]),
            [.. "GIF89a"u8, 0x28, 0x23, 0x28, 0x23, 0, 0, 0, 0x3B],
        ];
        foreach (var file in files)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var error = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "bomb"));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
            Assert.Contains("9000×9000", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_limits_are_options()
    {
        var png = ImageFiles.Encode(ImageFiles.Noise(20, 10, 2), ImageFormat.Png);
        Assert.Equal(20, ImageDecoder.Decode(png, "a", new() { MaxPixels = 200, MaxFileBytes = png.Length }).Width);
        var pixels = Assert.Throws<ImageException>(() => ImageDecoder.Decode(png, "a", new() { MaxPixels = 199 }));
        Assert.Contains("20×10", pixels.Message, StringComparison.Ordinal);
        var bytes = Assert.Throws<ImageException>(() => ImageDecoder.Decode(png, "a", new() { MaxFileBytes = png.Length - 1 }));
        Assert.Contains($"{png.Length} bytes", bytes.Message, StringComparison.Ordinal);

        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a.png"], png);
        Assert.Throws<ImageException>(() => ImageDecoder.Decode(folder["a.png"], new() { MaxFileBytes = 100 }));
        Assert.Throws<ImageException>(() => ImageDecoder.Identify(folder["a.png"], new() { MaxPixels = 199 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageDecodeOptions { MaxPixels = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageDecodeOptions { MaxFileBytes = 2L << 30 });
    }

    [Fact]
    public void An_image_without_pixels_is_refused()
    {
        var error = Assert.Throws<ImageException>(() => ImageDecoder.Decode(ImageFiles.Png(0, 5, 8, 2, [0]), "nothing.png"));
        Assert.Contains("no pixels (0×5)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_progressive_file_with_more_scans_than_any_program_writes_is_refused()
    {
        var jpeg = ImageFiles.FlatJpeg(adobe: false, progressive: true, 77);
        var scan = jpeg[jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA])..^2];
        byte[] Repeated(int count) => [.. jpeg[..^2], .. Enumerable.Repeat(scan, count).SelectMany(s => s), 0xFF, 0xD9];
        Assert.Equal(8, ImageDecoder.Decode(Repeated(98), "slow.jpg").Width);
        var error = Assert.Throws<ImageException>(() => ImageDecoder.Decode(Repeated(99), "slow.jpg"));
        Assert.Contains("100 scans", error.Message, StringComparison.Ordinal);
    }
}
