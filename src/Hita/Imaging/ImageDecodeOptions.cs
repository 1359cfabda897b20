namespace Hita.Imaging;

/// <summary>How image files are read, and which are refused for their size.</summary>
public sealed record ImageDecodeOptions
{
    /// <summary>For people's photos: transparent places become white and the camera's orientation is honoured.</summary>
    public static ImageDecodeOptions Photo { get; } = new();

    /// <summary>
    /// For the ADM evaluation and training protocol: alpha is dropped (the colours beneath show) and the orientation is
    /// ignored, as a plain conversion to RGB does. (Beneath a GIF's transparent pixels lies black.)
    /// </summary>
    public static ImageDecodeOptions Plain { get; } = new() { AlphaOnWhite = false, HonourOrientation = false };

    /// <summary>Whether transparent places are laid on white (the default) or shown with whatever colour is stored.</summary>
    public bool AlphaOnWhite { get; init; } = true;

    /// <summary>Whether the EXIF orientation is applied (the default) or ignored.</summary>
    public bool HonourOrientation { get; init; } = true;

    /// <summary>
    /// Is told, in a sentence with the file's name, of an image that was decoded although its file lacks something that does not
    /// matter to it, such as the marker at its end; may be null.
    /// </summary>
    public Action<string>? Noted { get; init; }

    /// <summary>The most pixels (width × height) an image may have; 100 million unless set.</summary>
    /// <remarks>Decoding takes up to about ten bytes a pixel at its peak; the image itself takes three.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">Below 1 or above 500 million, the most that one decode can hold.</exception>
    public long MaxPixels
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 500_000_000);
            field = value;
        }
    } = 100_000_000;

    /// <summary>The most bytes a file may have; 256 MiB unless set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1 or above 1 GiB.</exception>
    public long MaxFileBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1L << 30);
            field = value;
        }
    } = 256L << 20;
}
