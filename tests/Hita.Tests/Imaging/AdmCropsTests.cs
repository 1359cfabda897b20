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
            var picture = PictureDecoder.Decode(TestFiles.Shared($"images/{name[..dot]}"), PictureDecodeOptions.Plain);
            ReadOnlySpan<byte> crop = AdmCrops.Center(picture, size).Pixels;
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
}
