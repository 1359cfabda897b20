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
/// Resizes pictures exactly as Pillow's <c>Image.resize</c> does with 8-bit channels, so that crops and evaluation pictures
/// equal those of the published protocols to the last bit.
/// </summary>
/// <remarks>
/// When shrinking, the filter widens with the scale (antialiasing). Weights are integers of 22 fractional bits; rows are
/// resized first and rounded to 8 bits, then columns. All sums are exact integer sums, so that their order does not matter.
/// </remarks>
public static class Resampling
{
    /// <summary>Resizes a picture.</summary>
    /// <param name="picture">The original, which stays as it is.</param>
    /// <param name="width">The new width in pixels, at least 1.</param>
    /// <param name="height">The new height in pixels, at least 1.</param>
    /// <param name="filter">The filter.</param>
    /// <returns>A new picture; a copy where the size is the same.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public static Picture Resize(this Picture picture, int width, int height, ResamplingFilter filter = ResamplingFilter.Bicubic)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var narrow = width != picture.Width;
        var low = height != picture.Height;
        if (!narrow)
            return low ? ResizeColumns(picture, height, ResamplingWeights.Create(picture.Height, height, filter)) : picture.Copy();
        var across = ResizeRows(picture, width, ResamplingWeights.Create(picture.Width, width, filter));
        return low ? ResizeColumns(across, height, ResamplingWeights.Create(picture.Height, height, filter)) : across;
    }

    private static Picture ResizeRows(Picture picture, int width, ResamplingWeights weights)
    {
        var result = new Picture(width, picture.Height);
        for (var y = 0; y < picture.Height; y++)
        {
            ReadOnlySpan<byte> source = picture.Row(y);
            var target = result.Row(y);
            for (var x = 0; x < width; x++)
            {
                var factors = weights.For(x, out var first);
                var pixels = source.Slice(first * Picture.Channels, factors.Length * Picture.Channels);
                int red = ResamplingWeights.Half, green = red, blue = red;
                for (int i = 0, at = 0; i < factors.Length; i++, at += Picture.Channels)
                {
                    var factor = factors[i];
                    red += pixels[at] * factor;
                    green += pixels[at + 1] * factor;
                    blue += pixels[at + 2] * factor;
                }
                var to = x * Picture.Channels;
                target[to] = ResamplingWeights.ToByte(red);
                target[to + 1] = ResamplingWeights.ToByte(green);
                target[to + 2] = ResamplingWeights.ToByte(blue);
            }
        }
        return result;
    }

    private static Picture ResizeColumns(Picture picture, int height, ResamplingWeights weights)
    {
        var result = new Picture(picture.Width, height);
        var sums = new int[picture.RowBytes];
        for (var y = 0; y < height; y++)
        {
            var factors = weights.For(y, out var first);
            Array.Fill(sums, ResamplingWeights.Half);
            for (var i = 0; i < factors.Length; i++)
                AddScaled(picture.Row(first + i), factors[i], sums);
            var target = result.Row(y);
            for (var x = 0; x < target.Length; x++)
                target[x] = ResamplingWeights.ToByte(sums[x]);
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
