using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;
using TorchSharp;

namespace Hita.Tests.Imaging;

public sealed class ImageTensorsTests
{
    [Fact]
    public void Every_sample_makes_the_round_trip_unchanged()
    {
        var image = new Image(256, 1, [.. Enumerable.Range(0, 256).SelectMany(v => (byte[])[(byte)v, (byte)(255 - v), (byte)(v ^ 0x55)])]);
        using var tensor = ImageTensors.ToTensor(image);
        Assert.Equal([1, 3, 1, 256], tensor.shape);
        Assert.Equal(torch.ScalarType.Float32, tensor.dtype);
        Assert.Equal(image.Pixels, ImageTensors.ToImages(tensor).Single().Pixels);
    }

    [Fact]
    public void Channels_become_planes_from_minus_one_to_one()
    {
        var first = new Image(2, 1, [0, 255, 51, 255, 0, 102]);
        var second = new Image(2, 1, [255, 255, 255, 0, 0, 0]);
        using var tensor = ImageTensors.ToTensor([first, second]);
        Assert.Equal([2, 3, 1, 2], tensor.shape);
        Assert.Equal([-1f, 1f, 1f, -1f, -0.6f, -0.2f, 1f, -1f, 1f, -1f, 1f, -1f], tensor.ToFloats());
        Assert.Equal([first.Pixels.ToArray(), second.Pixels.ToArray()], ImageTensors.ToImages(tensor).Select(p => p.Pixels.ToArray()));
    }

    [Fact]
    public void Values_are_rounded_to_the_nearest_sample_and_limited()
    {
        float[] planes = [-7f, -0.997f, -0.995f, 0f, float.PositiveInfinity, 0.998f];
        using var tensor = TensorOps.FromFloats(planes, 3, 1, 2);
        // −0.997 is 0.38 and −0.995 is 0.64 grey levels above black, 0 is half-way between 127 and 128, 0.998 is 254.7.
        var image = ImageTensors.ToImages(tensor).Single();
        Assert.Equal([0, 1, 255, 0, 128, 255], image.Pixels.ToArray());
    }

    [Fact]
    public void Half_precision_and_strided_tensors_are_read()
    {
        var image = ImageFiles.Quarters(6, 4);
        using var scope = torch.NewDisposeScope();
        var tensor = ImageTensors.ToTensor(image);
        Assert.Equal(image.Pixels, ImageTensors.ToImages(tensor.to(torch.ScalarType.Float64)).Single().Pixels);
        Assert.Equal(image.Orient(5).Pixels, ImageTensors.ToImages(tensor.transpose(2, 3)).Single().Pixels);
        var half = ImageTensors.ToImages(tensor.to(torch.ScalarType.BFloat16)).Single();
        Assert.True(Math.Abs(half[0, 0].Red - image[0, 0].Red) <= 1);
    }

    [Fact]
    public void What_holds_no_images_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        Assert.Throws<ArgumentException>(() => ImageTensors.ToTensor([]));
        var sizes = Assert.Throws<ArgumentException>(() => ImageTensors.ToTensor([new Image(2, 3), new Image(3, 2)]));
        Assert.Contains("2×3 and 3×2", sizes.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ImageTensors.ToImages(torch.zeros(1, 4, 2, 2)));
        Assert.Throws<ArgumentException>(() => ImageTensors.ToImages(torch.zeros(3, 2)));
        Assert.Throws<ArgumentException>(() => ImageTensors.ToPlanes(new Image(2, 2), new float[11]));
        Assert.Throws<HitaException>(() => ImageTensors.ToImages(TensorOps.FromFloats([0f, float.NaN, 0f], 3, 1, 1)));
    }
}
