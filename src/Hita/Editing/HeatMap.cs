using Hita.Imaging;

namespace Hita.Editing;

/// <summary>Shows numbers as colours, from black over violet and orange to pale yellow.</summary>
public static class HeatMap
{
    // Brightness rises evenly, so that the maps also read in grey.
    private static readonly (float R, float G, float B)[] Colours =
        [(0, 0, 4), (61, 16, 108), (142, 37, 104), (217, 76, 62), (250, 153, 28), (252, 252, 176)];

    /// <summary>The colour of a number.</summary>
    /// <param name="value">From 0; beyond 1 it is limited.</param>
    public static (byte Red, byte Green, byte Blue) Colour(double value)
    {
        var place = Math.Clamp(double.IsNaN(value) ? 0 : value, 0, 1) * (Colours.Length - 1);
        var low = Math.Min((int)place, Colours.Length - 2);
        var (a, b, share) = (Colours[low], Colours[low + 1], (float)(place - low));
        return (Mix(a.R, b.R), Mix(a.G, b.G), Mix(a.B, b.B));

        byte Mix(float from, float to) => (byte)MathF.Round(from + (share * (to - from)));
    }

    /// <summary>A plane of numbers as an image.</summary>
    /// <param name="values">Row by row.</param>
    /// <param name="width">Numbers in a row.</param>
    /// <param name="largest">The number that is shown brightest; above 0.</param>
    public static Image Render(IReadOnlyList<double> values, int width, double largest)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(largest);
        var image = new Image(width, values.Count / width);
        for (var i = 0; i < values.Count; i++)
            image[i % width, i / width] = Colour(values[i] / largest);
        return image;
    }

    /// <summary>A coarse map laid over an image, which shows through in grey.</summary>
    /// <param name="image">The image.</param>
    /// <param name="values">A number a patch, in raster order.</param>
    /// <param name="columns">Patches in a row.</param>
    /// <param name="largest">The number that is shown brightest; above 0.</param>
    public static Image Overlay(Image image, IReadOnlyList<float> values, int columns, double largest)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(values);
        var coarse = Render([.. values.Select(static v => (double)v)], columns, largest);
        var map = coarse.Resize(image.Width, image.Height);
        for (var i = 0; i < map.Pixels.Length; i += 3)
        {
            var grey = ((299 * image.Pixels[i]) + (587 * image.Pixels[i + 1]) + (114 * image.Pixels[i + 2])) / 1000;
            for (var c = i; c < i + 3; c++)
                map.Pixels[c] = (byte)(((3 * map.Pixels[c]) + (2 * grey)) / 5);
        }
        return map;
    }
}
