using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>
/// An image in memory: red, green and blue of 8 bits each, row by row from the top left. The size is fixed, the pixels can be
/// written.
/// </summary>
public sealed class Image
{
    /// <summary>The number of bytes a pixel takes.</summary>
    public const int Channels = 3;

    // May be longer than the image: see ImageScope.
    private readonly byte[] _pixels;
    private readonly int _length;

    /// <summary>Creates a black image.</summary>
    /// <param name="width">Pixels, at least 1.</param>
    /// <param name="height">Pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    /// <exception cref="HitaException">The pixels exceed the two gigabytes that one array can hold.</exception>
    public Image(int width, int height)
    {
        _length = ByteCount(width, height);
        Width = width;
        Height = height;
        _pixels = ImageScope.Rent(_length) ?? new byte[_length];
    }

    /// <summary>Wraps pixels without copying them; the caller hands the array over.</summary>
    /// <param name="width">Pixels, at least 1.</param>
    /// <param name="height">Pixels, at least 1.</param>
    /// <param name="pixels">Red, green, blue of each pixel, row by row: <c>width · height · 3</c> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    /// <exception cref="ArgumentException">The array has another length.</exception>
    /// <exception cref="HitaException">The pixels exceed the two gigabytes that one array can hold.</exception>
    public Image(int width, int height, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.Length != ByteCount(width, height))
            throw new ArgumentException($"{pixels.Length} bytes do not fill an image of {width}×{height} pixels.", nameof(pixels));
        Width = width;
        Height = height;
        _pixels = pixels;
        _length = pixels.Length;
    }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Bytes in a row.</summary>
    public int RowBytes => Width * Channels;

    /// <summary>All pixels, row by row, red, green, blue; <c>Width · Height · 3</c> bytes that can be written.</summary>
    public Span<byte> Pixels => _pixels.AsSpan(0, _length);

    /// <summary>One row, red, green, blue of each pixel.</summary>
    /// <param name="y">The row, 0 at the top.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<byte> Row(int y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(y, Height);
        return _pixels.AsSpan(y * RowBytes, RowBytes);
    }

    /// <summary>One pixel.</summary>
    /// <param name="x">The column, 0 at the left.</param>
    /// <param name="y">The row, 0 at the top.</param>
    /// <exception cref="ArgumentOutOfRangeException">The place is outside the image.</exception>
    public (byte Red, byte Green, byte Blue) this[int x, int y]
    {
        get
        {
            var at = Place(x, y);
            return (_pixels[at], _pixels[at + 1], _pixels[at + 2]);
        }
        set
        {
            var at = Place(x, y);
            (_pixels[at], _pixels[at + 1], _pixels[at + 2]) = value;
        }
    }

    /// <summary>A copy that shares nothing with this image.</summary>
    public Image Copy() => new(Width, Height, Pixels.ToArray());

    /// <summary>Makes every pixel the same.</summary>
    /// <param name="red">0 to 255.</param>
    /// <param name="green">0 to 255.</param>
    /// <param name="blue">0 to 255.</param>
    public void Fill(byte red, byte green, byte blue)
    {
        if (red == green && green == blue)
        {
            Pixels.Fill(red);
            return;
        }
        for (var at = 0; at < _length; at += Channels)
            (_pixels[at], _pixels[at + 1], _pixels[at + 2]) = (red, green, blue);
    }

    private int Place(int x, int y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(x, Width);
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(y, Height);
        return (y * Width + x) * Channels;
    }

    private static int ByteCount(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var bytes = (long)width * height * Channels;
        if (bytes > Array.MaxLength)
            throw new HitaException($"An image of {width}×{height} pixels is too large to be held in memory as one piece.");
        return (int)bytes;
    }
}
