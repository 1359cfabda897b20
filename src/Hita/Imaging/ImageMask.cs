using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Marks pixels of an image, for example those that are to be regenerated.</summary>
public sealed class ImageMask
{
    private readonly bool[] _marks;

    /// <summary>Creates a mask that marks nothing.</summary>
    /// <param name="width">Pixels, at least 1.</param>
    /// <param name="height">Pixels, at least 1.</param>
    public ImageMask(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if ((long)width * height > Array.MaxLength)
            throw new HitaException($"A mask of {width}×{height} pixels is too large to be held in memory as one piece.");
        (Width, Height, _marks) = (width, height, new bool[width * height]);
    }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>All marks, row by row from the top; they can be written.</summary>
    public Span<bool> Marks => _marks;

    /// <summary>How many pixels are marked.</summary>
    public int Count => _marks.AsSpan().Count(true);

    /// <summary>The smallest box around all marks; null where there is none.</summary>
    public PixelBox? Bounds
    {
        get
        {
            int left = Width, top = Height, right = 0, bottom = 0;
            for (var y = 0; y < Height; y++)
            {
                var row = Row(y);
                if (row.IndexOf(true) is not (>= 0 and var first))
                    continue;
                (left, right) = (Math.Min(left, first), Math.Max(right, row.LastIndexOf(true) + 1));
                (top, bottom) = (Math.Min(top, y), y + 1);
            }
            return bottom == 0 ? null : new PixelBox(left, top, right - left, bottom - top);
        }
    }

    /// <summary>One mark.</summary>
    /// <param name="x">The column.</param>
    /// <param name="y">The row.</param>
    public bool this[int x, int y]
    {
        get => Row(y)[x];
        set => Row(y)[x] = value;
    }

    /// <summary>The marks of a row.</summary>
    /// <param name="y">The row, 0 at the top.</param>
    public Span<bool> Row(int y) => _marks.AsSpan(y * Width, Width);

    /// <summary>The bright pixels of an image: those whose luminance is 128 or more.</summary>
    /// <param name="image">White (marked) on black, as masks are usually drawn.</param>
    public static ImageMask FromImage(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var mask = new ImageMask(image.Width, image.Height);
        ReadOnlySpan<byte> pixels = image.Pixels;
        for (var i = 0; i < mask._marks.Length; i++)
            mask._marks[i] = (299 * pixels[3 * i]) + (587 * pixels[(3 * i) + 1]) + (114 * pixels[(3 * i) + 2]) >= 128_000;
        return mask;
    }

    /// <summary>A box of an image.</summary>
    /// <param name="width">The image's width.</param>
    /// <param name="height">The image's height.</param>
    /// <param name="box">The box; what lies outside the image is cut off.</param>
    /// <exception cref="HitaException">The box lies outside the image.</exception>
    public static ImageMask Box(int width, int height, PixelBox box)
    {
        var mask = new ImageMask(width, height);
        box = box.ClipTo(width, height);
        for (var y = box.Y; y < box.Bottom; y++)
            mask.Row(y)[box.X..box.Right].Fill(true);
        return mask;
    }

    /// <summary>The lower half of an image; the larger half where its height is odd.</summary>
    /// <param name="width">The image's width.</param>
    /// <param name="height">The image's height.</param>
    public static ImageMask LowerHalf(int width, int height) => Box(width, height, new PixelBox(0, height / 2, width, height - (height / 2)));

    /// <summary>The mask for an image: itself where the size is the image's, scaled where the shape is.</summary>
    /// <param name="width">The image's width.</param>
    /// <param name="height">The image's height.</param>
    /// <returns>A mask of the image's size; each pixel takes the mark nearest to its middle.</returns>
    /// <exception cref="HitaException">The shape differs by more than a hundredth: it is not clear what the mask would mean.</exception>
    public ImageMask For(int width, int height)
    {
        if (width == Width && height == Height)
            return this;
        if (Math.Abs(((double)width * Height / ((double)height * Width)) - 1) > 0.01)
        {
            throw new HitaException(
                $"The mask of {Width}×{Height} pixels has another shape than the image of {width}×{height}; draw it on a copy of the image.");
        }
        var scaled = new ImageMask(width, height);
        for (var y = 0; y < height; y++)
        {
            var from = Row((int)(((2L * y) + 1) * Height / (2L * height)));
            var to = scaled.Row(y);
            for (var x = 0; x < width; x++)
                to[x] = from[(int)(((2L * x) + 1) * Width / (2L * width))];
        }
        return scaled;
    }

    /// <summary>A part, copied.</summary>
    /// <param name="box">The part; it lies within the mask.</param>
    public ImageMask Crop(PixelBox box)
    {
        var part = new ImageMask(box.Width, box.Height);
        for (var y = 0; y < box.Height; y++)
            Row(box.Y + y).Slice(box.X, box.Width).CopyTo(part.Row(y));
        return part;
    }

    /// <summary>The mask as an image, white where it marks.</summary>
    public Image ToImage()
    {
        var image = new Image(Width, Height);
        for (var i = 0; i < _marks.Length; i++)
            image.Pixels.Slice(3 * i, 3).Fill(_marks[i] ? (byte)255 : (byte)0);
        return image;
    }

    /// <summary>Checks that the mask has an image's size.</summary>
    /// <exception cref="ArgumentException">It has not.</exception>
    internal void CheckFor(Image image)
    {
        if (Width != image.Width || Height != image.Height)
            throw new ArgumentException($"A mask of {Width}×{Height} pixels does not belong to an image of {image.Width}×{image.Height}.");
    }
}
