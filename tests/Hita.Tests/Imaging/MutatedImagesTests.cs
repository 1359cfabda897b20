using System.Diagnostics;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Imaging;

public sealed class MutatedImagesTests(ITestOutputHelper output)
{
    private static readonly ImageWriteOptions Small = new() { Quality = 60, Text = new Dictionary<string, string> { ["a"] = "b" } };

    [Fact]
    public void Mutated_JPEG_files_decode_or_are_refused() =>
        Check(
            ImageFiles.JpegWithExif(
                ImageFiles.Encode(ImageFiles.Noise(24, 20, 4), ImageFormat.Jpeg, Small), ImageFiles.Exif(6, true)),
            2000,
            // A file of a thousand bytes can hold a million pixels at most, at three bytes each and once more for turning them.
            maxAllocated: 16 << 20);

    [Fact]
    public void Mutated_PNG_files_decode_or_are_refused() =>
        Check(ImageFiles.Encode(ImageFiles.Quarters(24, 20), ImageFormat.Png, Small), 400);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mutated_WebP_files_decode_or_are_refused(bool lossless) =>
        Check(ImageFiles.Encode(ImageFiles.Noise(24, 20, 4), ImageFormat.Webp, Small with { Lossless = lossless }), 300);

    [Fact]
    public void Mutated_GIF_files_decode_or_are_refused() =>
        Check(ImageFiles.AnimatedGif([250, 1, 2, 3, 4, 240]), 400);

    [Fact]
    public void Mutated_BMP_files_decode_or_are_refused() =>
        Check(ImageFiles.Bmp(ImageFiles.Noise(7, 5, 4)), 400);

    [Fact]
    [Trait("Category", "Slow")]
    public void Mutated_real_photos_decode_or_are_refused()
    {
        foreach (var path in Directory.GetFiles(TestFiles.Shared("images")).Where(p => new FileInfo(p).Length < 170_000))
            Check(File.ReadAllBytes(path), 100);
    }

    private void Check(byte[] file, int count, long maxAllocated = long.MaxValue)
    {
        // The first decode loads the native library, which is not the mutant's time.
        ImageDecoder.Decode(file, "the original");
        var (decoded, slowest, total) = (0, TimeSpan.Zero, Stopwatch.StartNew());
        for (var seed = 0; seed < count; seed++)
        {
            var mutant = Mutator.Mutate(file, seed);
            var watch = Stopwatch.StartNew();
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ImageDecoder.Decode(mutant, "mutant", seed % 2 == 0 ? ImageDecodeOptions.Photo : ImageDecodeOptions.Plain);
                decoded++;
            }
            catch (ImageException e)
            {
                Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', e.Message);
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"seed {seed} took {watch.Elapsed}");
            Assert.True(allocated <= maxAllocated, $"seed {seed} allocated {allocated} bytes");
        }
        output.WriteLine($"{file.Length} bytes: {decoded} of {count} decoded, slowest {slowest.TotalMilliseconds:0} ms, all {total.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(decoded, 1, count - 1);
    }
}
