namespace Hita.Imaging;

/// <summary>How image files are written.</summary>
public sealed record ImageWriteOptions
{
    /// <summary>The quality of JPEG and of lossy WebP, 1 (small) to 100 (fine); 95 unless set. JPEG keeps full colour resolution
    /// from 90 upwards.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 1 to 100.</exception>
    public int Quality
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 100);
            field = value;
        }
    } = 95;

    /// <summary>Whether WebP keeps every pixel as it is, in a larger file; off unless set. PNG always does, JPEG never.</summary>
    public bool Lossless { get; init; }

    /// <summary>
    /// Texts to keep in a PNG by keyword, such as the seed an image was made with; none unless set. JPEG and WebP files carry
    /// none. <see cref="PngText"/> reads them.
    /// </summary>
    public IReadOnlyDictionary<string, string> Text { get; init; } = new Dictionary<string, string>();
}
