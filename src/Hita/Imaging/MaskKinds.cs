using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Tells the kinds of masks apart by their colours and their transparency.</summary>
internal static class MaskKinds
{
    private const string Cure = "make the mask white on black, erase the hole from a copy of the image, or put strokes of one colour on an empty layer";
    private const int Half = 128;

    // How far from a colour a pixel still counts as of it: compressed and smoothed masks are a little off.
    private const int Near = 48;

    // The share of pixels that must be of one colour, or of black and white: edges are in between.
    private const double Nearly = 0.95;
    private const double Mostly = 0.75;

    /// <summary>The mask that an image stands for.</summary>
    /// <param name="colours">The image, with whatever colour is stored beneath transparent pixels.</param>
    /// <param name="alpha">How opaque each pixel is, as a grey image of the same size.</param>
    /// <param name="name">The file's name, for messages.</param>
    /// <exception cref="ImageException">It is not clear what the image would mark.</exception>
    public static MaskReading Read(Image colours, Image alpha, string name)
    {
        var opaque = new bool[colours.Width * colours.Height];
        for (var i = 0; i < opaque.Length; i++)
            opaque[i] = alpha.Pixels[Image.Channels * i] >= Half;
        var count = opaque.AsSpan().Count(true);
        if (count == 0)
            throw new ImageException(name, $"All of this image is transparent, so that it marks nothing; {Cure}.");
        return count == opaque.Length ? Bright(colours, name) : Transparent(colours, opaque, (double)count / opaque.Length, name);
    }

    private static MaskReading Bright(Image colours, string name)
    {
        var pixels = (ReadOnlySpan<byte>)colours.Pixels;
        var total = colours.Width * colours.Height;
        var (dark, extreme, grey, bright) = (0, 0, 0, new bool[total]);
        for (var i = 0; i < total; i++)
        {
            var (low, high) = Range(pixels.Slice(Image.Channels * i, Image.Channels));
            bright[i] = high > Near;
            dark += bright[i] ? 0 : 1;
            extreme += high <= Near || low >= byte.MaxValue - Near ? 1 : 0;
            grey += bright[i] && high - low <= Near ? 1 : 0;
        }
        if (dark == total)
            throw new ImageException(name, "All of this mask is black, so that it marks nothing; sample white where to mark.");
        var white = ImageMask.FromImage(colours);
        if (extreme >= Mostly * total && grey >= Mostly * (total - dark) && white.Count > 0)
            return new MaskReading(white, MaskKind.WhiteOnBlack);
        // One other colour than white on black is as clear.
        if (dark > 0 && FlatShare(pixels, bright) >= Nearly)
            return new MaskReading(white.Count > 0 ? white : Marked(colours, bright, true), MaskKind.WhiteOnBlack);
        throw new ImageException(name, $"This looks like a photograph and not like a mask, since most of it is neither black nor white; {Cure}.");
    }

    private static MaskReading Transparent(Image colours, bool[] opaque, double share, string name)
    {
        var pixels = (ReadOnlySpan<byte>)colours.Pixels;
        var corners = Corners(opaque, colours.Width, colours.Height);
        if (FlatShare(pixels, opaque) >= Nearly)
        {
            // Strokes leave the corners free, a sheet with a hole covers them; where both is so in part, the smaller area is the sampling.
            if (corners == 0 || (corners < 4 && share <= 1 - Mostly))
                return new MaskReading(Marked(colours, opaque, true), MaskKind.Strokes);
            if (corners == 4 || share >= Mostly)
                return new MaskReading(Marked(colours, opaque, false), MaskKind.Hole);
        }
        else if ((corners > 0 || share >= 0.5) && !IsBlackAndWhite(pixels, opaque))
        {
            return new MaskReading(Marked(colours, opaque, false), MaskKind.Hole);
        }
        throw new ImageException(name, $"It is not clear whether the transparent or the opaque part of this mask is meant; {Cure}.");
    }

    private static ImageMask Marked(Image image, bool[] of, bool value)
    {
        var mask = new ImageMask(image.Width, image.Height);
        for (var i = 0; i < of.Length; i++)
            mask.Marks[i] = of[i] == value;
        return mask;
    }

    private static int Corners(bool[] opaque, int width, int height) =>
        (opaque[0] ? 1 : 0) + (opaque[width - 1] ? 1 : 0) + (opaque[(height - 1) * width] ? 1 : 0) + (opaque[^1] ? 1 : 0);

    // The share of the chosen pixels that are of their middle colour or near it.
    private static double FlatShare(ReadOnlySpan<byte> pixels, bool[] chosen)
    {
        var (red, green, blue) = (Middle(pixels, chosen, 0), Middle(pixels, chosen, 1), Middle(pixels, chosen, 2));
        var (near, count) = (0, 0);
        for (var i = 0; i < chosen.Length; i++)
        {
            if (!chosen[i])
                continue;
            var pixel = pixels.Slice(Image.Channels * i, Image.Channels);
            count++;
            near += Math.Abs(pixel[0] - red) <= Near && Math.Abs(pixel[1] - green) <= Near && Math.Abs(pixel[2] - blue) <= Near ? 1 : 0;
        }
        return (double)near / count;
    }

    private static int Middle(ReadOnlySpan<byte> pixels, bool[] chosen, int channel)
    {
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        var left = 0;
        for (var i = 0; i < chosen.Length; i++)
        {
            if (!chosen[i])
                continue;
            counts[pixels[(Image.Channels * i) + channel]]++;
            left++;
        }
        left = (left + 1) / 2;
        var value = 0;
        while ((left -= counts[value]) > 0)
            value++;
        return value;
    }

    // A finished mask that has transparent parts beside.
    private static bool IsBlackAndWhite(ReadOnlySpan<byte> pixels, bool[] opaque)
    {
        var (extreme, count) = (0, 0);
        for (var i = 0; i < opaque.Length; i++)
        {
            if (!opaque[i])
                continue;
            var (low, high) = Range(pixels.Slice(Image.Channels * i, Image.Channels));
            count++;
            extreme += high <= Near || low >= byte.MaxValue - Near ? 1 : 0;
        }
        return extreme >= Nearly * count;
    }

    private static (byte Low, byte High) Range(ReadOnlySpan<byte> pixel) =>
        (Math.Min(pixel[0], Math.Min(pixel[1], pixel[2])), Math.Max(pixel[0], Math.Max(pixel[1], pixel[2])));
}
