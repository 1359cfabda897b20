using System.Globalization;
using System.Text.Json.Serialization;
using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>A rectangle of pixels.</summary>
/// <param name="X">The leftmost column.</param>
/// <param name="Y">The topmost row.</param>
/// <param name="Width">Pixels, at least 1.</param>
/// <param name="Height">Pixels, at least 1.</param>
public readonly record struct PixelBox(int X, int Y, int Width, int Height)
{
    /// <summary>The first column to the right of it.</summary>
    [JsonIgnore]
    public int Right => X + Width;

    /// <summary>The first row below it.</summary>
    [JsonIgnore]
    public int Bottom => Y + Height;

    /// <summary>Reads <c>x,y,width,height</c>.</summary>
    /// <param name="text">Four whole numbers separated by commas; x and y may be negative, width and height are at least 1.</param>
    /// <exception cref="HitaException">It is something else.</exception>
    public static PixelBox Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(',');
        var numbers = new int[4];
        var good = parts.Length == 4;
        for (var i = 0; good && i < 4; i++)
            good = int.TryParse(parts[i], NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out numbers[i]);
        good = good && numbers[2] > 0 && numbers[3] > 0 && (long)numbers[0] + numbers[2] <= int.MaxValue && (long)numbers[1] + numbers[3] <= int.MaxValue;
        return good
            ? new PixelBox(numbers[0], numbers[1], numbers[2], numbers[3])
            : throw new HitaException($"'{text}' is no box; give x,y,width,height in pixels, for example 40,40,120,80.");
    }

    /// <summary>The part of it that lies within an image.</summary>
    /// <param name="width">The image's width in pixels.</param>
    /// <param name="height">The image's height in pixels.</param>
    /// <exception cref="HitaException">No part does.</exception>
    public PixelBox ClipTo(int width, int height)
    {
        int left = Math.Max(X, 0), top = Math.Max(Y, 0), right = Math.Min(Right, width), bottom = Math.Min(Bottom, height);
        return right > left && bottom > top
            ? new PixelBox(left, top, right - left, bottom - top)
            : throw new HitaException(
                $"The box {this} lies outside the image, whose columns are 0 to {width - 1} and whose rows are 0 to {height - 1}.");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{X},{Y},{Width},{Height}");
}
