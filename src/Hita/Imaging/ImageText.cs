namespace Hita.Imaging;

/// <summary>Writes short labels into images, in capitals of five by seven pixels. No font has to be installed for it.</summary>
internal static class ImageText
{
    /// <summary>Height of a line in pixels, without space around it.</summary>
    public const int Height = 7;

    /// <summary>From one letter to the next.</summary>
    public const int Advance = 6;

    private const int Columns = 5;
    private const string Known = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,'()/:+&?";

    // A digit to the base of 32 for each of the seven rows of each letter; the left pixel counts most.
    private const string Rows =
        "EHHVHHHUHHUHHUEHGGGHEUHHHHHUVGGUGGVVGGUGGGEHGNHHFHHHVHHHE44444E72222IC"
        + "HIKOKIHGGGGGGVHRLLHHHHPLJHHHEHHHHHEUHHUGGGEHHHLIDUHHUKIHFGGE11UV444444"
        + "HHHHHHEHHHHHA4HHHLLRHHHA4AHHHHA4444V1248GVEHJLPHE4C4444EEH168GVV2421HE"
        + "26AIV22VGU11HE68GUHHEV124888EHHEHHEEHHF12C000V000000000V00000CC0000C48"
        + "44800002488842842224801248G00CC0CC0044V440CIK8LIDEH12404";

    /// <summary>As much of a text as fits into a width, with two dots at the end where some is missing.</summary>
    public static string Fit(string text, int width)
    {
        var max = Math.Max((width + 1) / Advance, 0);
        return text.Length <= max ? text : max < 3 ? text[..max] : string.Concat(text.AsSpan(0, max - 2), "..");
    }

    /// <summary>Writes a text; what lies outside of the image is cut off, and letters that are not known are question marks.</summary>
    /// <param name="image">The image.</param>
    /// <param name="x">The first column.</param>
    /// <param name="y">The top row.</param>
    /// <param name="text">The text.</param>
    /// <param name="shade">0 (black) to 255 (white).</param>
    public static void Write(Image image, int x, int y, string text, byte shade)
    {
        foreach (var letter in text.ToUpperInvariant())
        {
            var place = Known.IndexOf(letter, StringComparison.Ordinal);
            if (letter != ' ')
                WriteLetter(image, x, y, place >= 0 ? place : Known.IndexOf('?', StringComparison.Ordinal), shade);
            x += Advance;
        }
    }

    private static void WriteLetter(Image image, int x, int y, int letter, byte shade)
    {
        for (var row = 0; row < Height; row++)
        {
            var digit = Rows[(letter * Height) + row];
            var bits = digit <= '9' ? digit - '0' : digit - 'A' + 10;
            for (var column = 0; column < Columns; column++)
            {
                var (at, line) = (x + column, y + row);
                if (((bits >> (Columns - 1 - column)) & 1) == 1 && at >= 0 && at < image.Width && line >= 0 && line < image.Height)
                    image[at, line] = (shade, shade, shade);
            }
        }
    }
}
