using System.Runtime.InteropServices;

namespace Hita.Imaging;

/// <summary>Makes a square of an image without cutting anything off: the missing part is laid on in the colour of its edges.</summary>
/// <remarks>
/// The paper's colour at a side is the median, for red, green and blue alone, of the outermost thirty-second part of the image.
/// The margin follows the edge beside it line by line, by medians over the neighbourhood that are then smoothed, so that it has the
/// shading of the scan; where the neighbourhood has quite another colour, because a leaf or the end of a border lies there, it
/// takes the paper's.
/// </remarks>
public static class PaperMargin
{
    /// <summary>The square.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <returns>A square whose side is the image's long one, with the image in its middle; the image itself where it is one.</returns>
    /// <exception cref="Runtime.HitaException">The square would exceed two gigabytes.</exception>
    public static Image Square(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Width == image.Height)
            return image;
        if (image.Width > image.Height)
            return Square(image.Orient(5)).Orient(5);
        var side = image.Height;
        var square = new Image(side, side);
        var at = (side - image.Width) / 2;
        var strip = Math.Clamp(image.Width / 32, 1, 64);
        var left = Edge(image, 0, strip);
        var right = Edge(image, image.Width - strip, strip);
        for (var y = 0; y < side; y++)
        {
            var row = MemoryMarshal.Cast<byte, Pixel>(square.Row(y));
            row[..at].Fill(left[y]);
            image.Row(y).CopyTo(MemoryMarshal.AsBytes(row[at..]));
            row[(at + image.Width)..].Fill(right[y]);
        }
        return square;
    }

    // How far, in one of red, green and blue, shading may be from the paper's colour.
    private const int MaxShading = 20;

    // The colour for every line of a margin, from a strip of columns.
    private static Pixel[] Edge(Image image, int x, int width)
    {
        int height = image.Height, reach = Math.Max(1, height / 16);
        var histograms = new int[3, 256];
        var colours = new Pixel[height];
        var (first, end) = (0, 0);
        for (var y = 0; y < height; y++)
        {
            for (; end < Math.Min(height, y + reach + 1); end++)
                Count(end, 1);
            for (; first < y - reach; first++)
                Count(first, -1);
            var total = (end - first) * width;
            colours[y] = Current(total);
        }
        Array.Clear(histograms);
        for (var y = 0; y < height; y++)
            Count(y, 1);
        var paper = Current(height * width);
        return Smooth(Array.ConvertAll(colours, c => c.IsNear(paper, MaxShading) ? c : paper), reach);

        Pixel Current(int total) => new(Median(0, total), Median(1, total), Median(2, total));

        void Count(int y, int change)
        {
            var row = image.Row(y).Slice(x * Image.Channels, width * Image.Channels);
            for (var i = 0; i < row.Length; i++)
                histograms[i % 3, row[i]] += change;
        }

        byte Median(int channel, int total)
        {
            var value = 0;
            for (var seen = histograms[channel, 0]; seen * 2 < total; seen += histograms[channel, value])
                value++;
            return (byte)value;
        }
    }

    // The mean of the lines up to a distance away.
    private static Pixel[] Smooth(Pixel[] colours, int reach)
    {
        var smooth = new Pixel[colours.Length];
        for (var y = 0; y < colours.Length; y++)
        {
            ReadOnlySpan<Pixel> near = colours.AsSpan(Math.Max(0, y - reach), Math.Min(colours.Length, y + reach + 1) - Math.Max(0, y - reach));
            int red = 0, green = 0, blue = 0;
            foreach (var colour in near)
                (red, green, blue) = (red + colour.Red, green + colour.Green, blue + colour.Blue);
            var half = near.Length / 2;
            smooth[y] = new Pixel((byte)((red + half) / near.Length), (byte)((green + half) / near.Length), (byte)((blue + half) / near.Length));
        }
        return smooth;
    }

    private readonly record struct Pixel(byte Red, byte Green, byte Blue)
    {
        public bool IsNear(Pixel other, int distance) =>
            Math.Abs(Red - other.Red) <= distance && Math.Abs(Green - other.Green) <= distance && Math.Abs(Blue - other.Blue) <= distance;
    }
}
