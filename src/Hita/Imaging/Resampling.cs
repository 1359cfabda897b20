using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hita.Imaging;

/// <summary>A rule for the weight of a pixel by its distance.</summary>
public enum ResamplingFilter
{
    /// <summary>All pixels within half a target pixel count the same.</summary>
    Box,

    /// <summary>Cubic convolution over two pixels to each side, with a = −½.</summary>
    Bicubic,
}

/// <summary>
/// Resizes images exactly as Pillow's <c>Image.resize</c> does with 8-bit channels, so that crops and evaluation images
/// equal those of the published protocols to the last bit.
/// </summary>
/// <remarks>
/// When shrinking, the filter widens with the scale (antialiasing). Weights are integers of 22 fractional bits; rows are
/// resized first and rounded to 8 bits, then columns. All sums are exact integer sums, so that their order does not matter.
/// </remarks>
public static class Resampling
{
    /// <summary>Resizes an image.</summary>
    /// <param name="image">The original, which stays as it is.</param>
    /// <param name="width">The new width in pixels, at least 1.</param>
    /// <param name="height">The new height in pixels, at least 1.</param>
    /// <param name="filter">The filter.</param>
    /// <returns>A new image; a copy where the size is the same.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public static Image Resize(this Image image, int width, int height, ResamplingFilter filter = ResamplingFilter.Bicubic)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var narrow = width != image.Width;
        var low = height != image.Height;
        if (!narrow)
            return low ? ResizeColumns(image, height, ResamplingWeights.Create(image.Height, height, filter)) : image.Copy();
        var across = ResizeRows(image, width, ResamplingWeights.Create(image.Width, width, filter));
        return low ? ResizeColumns(across, height, ResamplingWeights.Create(image.Height, height, filter)) : across;
    }

    private static Image ResizeRows(Image image, int width, ResamplingWeights weights)
    {
        var result = new Image(width, image.Height);
        // A pixel is read as four bytes at once, of which the last is dropped: one byte behind the row must exist.
        var source = new byte[image.RowBytes + 1];
        for (var y = 0; y < image.Height; y++)
        {
            image.Row(y).CopyTo(source);
            var target = result.Row(y);
            for (var x = 0; x < width; x++)
            {
                var factors = weights.For(x, out var first);
                var pixels = source.AsSpan(first * Image.Channels, factors.Length * Image.Channels + 1);
                var sums = Vector128.Create(ResamplingWeights.Half);
                for (var i = 0; i < factors.Length; i++)
                {
                    var pixel = Vector128.CreateScalar(MemoryMarshal.Read<uint>(pixels[(i * Image.Channels)..])).AsByte();
                    sums += Vector128.WidenLower(Vector128.WidenLower(pixel)).AsInt32() * factors[i];
                }
                var to = target.Slice(x * Image.Channels, Image.Channels);
                to[0] = ResamplingWeights.ToByte(sums[0]);
                to[1] = ResamplingWeights.ToByte(sums[1]);
                to[2] = ResamplingWeights.ToByte(sums[2]);
            }
        }
        return result;
    }

    private static Image ResizeColumns(Image image, int height, ResamplingWeights weights)
    {
        var result = new Image(image.Width, height);
        var sums = new int[image.RowBytes];
        for (var y = 0; y < height; y++)
        {
            var factors = weights.For(y, out var first);
            Array.Fill(sums, ResamplingWeights.Half);
            for (var i = 0; i < factors.Length; i++)
                AddScaled(image.Row(first + i), factors[i], sums);
            ResamplingWeights.ToBytes(sums, result.Row(y));
        }
        return result;
    }

    private static void AddScaled(ReadOnlySpan<byte> row, int factor, Span<int> sums)
    {
        var x = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; x <= row.Length - Vector128<byte>.Count; x += Vector128<byte>.Count)
            {
                var (low, high) = Vector128.Widen(Vector128.Create(row[x..]));
                var part = sums[x..];
                Add(part, 0, low, factor);
                Add(part, 8, high, factor);
            }
        }
        for (; x < row.Length; x++)
            sums[x] += row[x] * factor;
    }

    private static void Add(Span<int> sums, int at, Vector128<ushort> values, int factor)
    {
        var (low, high) = Vector128.Widen(values);
        (Vector128.Create<int>(sums[at..]) + low.AsInt32() * factor).CopyTo(sums[at..]);
        (Vector128.Create<int>(sums[(at + 4)..]) + high.AsInt32() * factor).CopyTo(sums[(at + 4)..]);
    }
}
