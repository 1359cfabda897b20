using System.Runtime.InteropServices;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Imaging;

/// <summary>Turns images into the tensors that models take, and back.</summary>
/// <remarks>
/// A sample v of 0…255 becomes v / 127.5 − 1, so that black is −1 and white is 1. Back, x becomes 127.5 · x + 127.5, rounded to
/// the nearest integer (halves up) and limited to 0…255; samples make the round trip unchanged.
/// </remarks>
public static class ImageTensors
{
    // Indexed by sample: a table keeps the division out of the loops.
    private static readonly float[] Values = [.. Enumerable.Range(0, 256).Select(v => (float)(v / 127.5 - 1.0))];

    /// <summary>A batch of images as one tensor.</summary>
    /// <param name="images">Images of one size, at least one.</param>
    /// <returns>[B, 3, H, W], float32 in [−1, 1], on the CPU.</returns>
    /// <exception cref="ArgumentException">There is no image, or the sizes differ.</exception>
    public static Tensor ToTensor(IReadOnlyList<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
            throw new ArgumentException("A batch needs at least one image.", nameof(images));
        var (width, height) = (images[0].Width, images[0].Height);
        foreach (var image in images)
        {
            if (image.Width != width || image.Height != height)
            {
                throw new ArgumentException(
                    $"A batch holds images of one size, not {width}×{height} and {image.Width}×{image.Height}.", nameof(images));
            }
        }

        var tensor = empty([images.Count, Image.Channels, height, width], dtype: ScalarType.Float32);
        var values = MemoryMarshal.Cast<byte, float>(tensor.bytes);
        var size = width * height * Image.Channels;
        for (var i = 0; i < images.Count; i++)
            ToPlanes(images[i], values.Slice(i * size, size));
        return tensor;
    }

    /// <summary>One image as a batch of one.</summary>
    /// <param name="image">The image.</param>
    /// <returns>[1, 3, H, W], float32 in [−1, 1], on the CPU.</returns>
    public static Tensor ToTensor(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return ToTensor([image]);
    }

    /// <summary>An image as three planes of numbers, without a tensor; safe on any thread.</summary>
    /// <param name="image">The image.</param>
    /// <param name="planes">Where the values go: [3, H, W] in [−1, 1], row-major, <c>3 · Width · Height</c> numbers.</param>
    /// <exception cref="ArgumentException">There is room for more or fewer numbers.</exception>
    public static void ToPlanes(Image image, Span<float> planes)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (planes.Length != image.Pixels.Length)
            throw new ArgumentException($"{planes.Length} numbers are not three planes of {image.Width}×{image.Height}.", nameof(planes));
        ToPlanes(image.Pixels, planes);
    }

    /// <summary>Pixels as three planes of numbers; as many of the one as of the other.</summary>
    internal static void ToPlanes(ReadOnlySpan<byte> pixels, Span<float> planes)
    {
        var size = planes.Length / Image.Channels;
        var red = planes[..size];
        var green = planes.Slice(size, size);
        var blue = planes.Slice(2 * size, size);
        for (int i = 0, at = 0; i < size; i++, at += Image.Channels)
        {
            red[i] = Values[pixels[at]];
            green[i] = Values[pixels[at + 1]];
            blue[i] = Values[pixels[at + 2]];
        }
    }

    /// <summary>The images of a batch.</summary>
    /// <param name="tensor">[B, 3, H, W] or [3, H, W], of any floating type, layout and device; beyond [−1, 1] it is limited.</param>
    /// <returns>One image for each of the batch.</returns>
    /// <exception cref="ArgumentException">The shape is another one.</exception>
    /// <exception cref="HitaException">A value is not a number.</exception>
    public static Image[] ToImages(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var shape = tensor.shape;
        if (shape.Length is not (3 or 4) || shape[^3] != Image.Channels || shape[^1] < 1 || shape[^2] < 1)
            throw new ArgumentException($"A tensor {tensor.ShapeText()} does not hold images; [B, 3, H, W] does.", nameof(tensor));
        var images = new Image[shape.Length == 4 ? shape[0] : 1];
        using var scope = NewDisposeScope();
        var plain = tensor.detach().to(ScalarType.Float32).cpu().contiguous();
        var values = MemoryMarshal.Cast<byte, float>(plain.bytes);
        var (width, height) = ((int)shape[^1], (int)shape[^2]);
        var size = width * height * Image.Channels;
        for (var i = 0; i < images.Length; i++)
            images[i] = FromPlanes(values.Slice(i * size, size), width, height);
        return images;
    }

    /// <summary>An image from three planes of numbers.</summary>
    /// <param name="planes">[3, H, W], row-major; beyond [−1, 1] it is limited.</param>
    /// <param name="width">W in pixels.</param>
    /// <param name="height">H in pixels.</param>
    /// <exception cref="ArgumentException">The numbers do not fill the size.</exception>
    /// <exception cref="HitaException">A value is not a number.</exception>
    public static Image FromPlanes(ReadOnlySpan<float> planes, int width, int height)
    {
        var image = new Image(width, height);
        var pixels = image.Pixels;
        if (planes.Length != pixels.Length)
            throw new ArgumentException($"{planes.Length} numbers are not three planes of {width}×{height}.", nameof(planes));
        var size = planes.Length / Image.Channels;
        var red = planes[..size];
        var green = planes.Slice(size, size);
        var blue = planes.Slice(2 * size, size);
        for (int i = 0, at = 0; i < size; i++, at += Image.Channels)
        {
            pixels[at] = ToSample(red[i]);
            pixels[at + 1] = ToSample(green[i]);
            pixels[at + 2] = ToSample(blue[i]);
        }
        return image;
    }

    private static byte ToSample(float value)
    {
        // An image with one broken value comes from a broken computation: showing it black would hide that.
        if (float.IsNaN(value))
            throw new HitaException("The computed image holds values that are not numbers; the weights or the precision are at fault.");
        return (byte)Math.Clamp(127.5f * value + 128f, 0f, 255f);
    }
}
