using Hita.Imaging;

namespace Hita.Studies;

/// <summary>The masks of the study.</summary>
internal static class InpaintMasks
{
    public static IReadOnlyList<string> Names { get; } = ["lower half", "centre box", "strokes"];

    /// <summary>A mask for a scene.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="index">The scene; strokes differ from scene to scene.</param>
    public static ImageMask Make(string name, int width, int height, int index) => name switch
    {
        "lower half" => ImageMask.LowerHalf(width, height),
        "centre box" => ImageMask.Box(width, height, new PixelBox(width / 4, height / 4, width / 2, height / 2)),
        _ => Strokes(width, height, index),
    };

    // Four strokes of a brush a tenth of the image wide, each of a few joined segments.
    private static ImageMask Strokes(int width, int height, int index)
    {
        var random = new Random(index);
        var mask = new ImageMask(width, height);
        var radius = Math.Max(Math.Min(width, height) / 20.0, 1);
        for (var stroke = 0; stroke < 4; stroke++)
        {
            double x = random.NextDouble() * width, y = random.NextDouble() * height, angle = random.NextDouble() * Math.Tau;
            for (var step = 0; step < Math.Max(width, height) / 2; step++)
            {
                angle += (random.NextDouble() - 0.5) * 0.6;
                (x, y) = (Math.Clamp(x + Math.Cos(angle), 0, width - 1), Math.Clamp(y + Math.Sin(angle), 0, height - 1));
                Dab(mask, x, y, radius);
            }
        }
        return mask;
    }

    private static void Dab(ImageMask mask, double x, double y, double radius)
    {
        for (var row = (int)Math.Max(y - radius, 0); row <= Math.Min(y + radius, mask.Height - 1); row++)
        {
            for (var column = (int)Math.Max(x - radius, 0); column <= Math.Min(x + radius, mask.Width - 1); column++)
            {
                if (((column - x) * (column - x)) + ((row - y) * (row - y)) <= radius * radius)
                    mask[column, row] = true;
            }
        }
    }
}
