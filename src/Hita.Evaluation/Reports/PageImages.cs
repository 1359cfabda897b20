using System.Globalization;
using System.Net;
using Hita.Imaging;

namespace Hita.Evaluation.Reports;

/// <summary>Images inside a page, and maps of where two differ.</summary>
public static class PageImages
{
    private const int ErrorGain = 4;

    /// <summary>An <c>img</c> element with the image in it.</summary>
    internal static string Element(Image image, string description, int? shownWidth = null)
    {
        using var stream = new MemoryStream();
        ImageWriter.Write(image, stream, ImageFormat.Png);
        var width = shownWidth is { } w ? string.Create(CultureInfo.InvariantCulture, $" style=\"width:{w}px\"") : "";
        return $"<img alt=\"{WebUtility.HtmlEncode(description)}\"{width} src=\"data:image/png;base64,{Convert.ToBase64String(stream.GetBuffer(), 0, (int)stream.Length)}\">";
    }

    /// <summary>
    /// Where and how much two images differ: the mean difference of a pixel's channels, four times enlarged, from black over red
    /// and yellow to white.
    /// </summary>
    /// <param name="a">One image.</param>
    /// <param name="b">The other, of the same size.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static Image ErrorMap(Image a, Image b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Width != b.Width || a.Height != b.Height)
            throw new ArgumentException($"Images of {a.Width}×{a.Height} and {b.Width}×{b.Height} have no common error map.", nameof(b));
        var map = new Image(a.Width, a.Height);
        ReadOnlySpan<byte> left = a.Pixels, right = b.Pixels;
        var pixels = map.Pixels;
        for (var at = 0; at < pixels.Length; at += Image.Channels)
        {
            var sum = Math.Abs(left[at] - right[at]) + Math.Abs(left[at + 1] - right[at + 1]) + Math.Abs(left[at + 2] - right[at + 2]);
            var heat = Math.Min(765, sum * ErrorGain);
            (pixels[at], pixels[at + 1], pixels[at + 2]) = ((byte)Math.Min(255, heat), (byte)Math.Clamp(heat - 255, 0, 255), (byte)Math.Clamp(heat - 510, 0, 255));
        }
        return map;
    }
}
