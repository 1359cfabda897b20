using System.Globalization;
using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>What an image that is given as a mask looks like, and so which of its pixels it marks.</summary>
public enum MaskKind
{
    /// <summary>Bright on black: the bright pixels are marked.</summary>
    WhiteOnBlack,

    /// <summary>An opaque image with a transparent hole: the hole is marked.</summary>
    Hole,

    /// <summary>Strokes of one colour on a transparent layer: the strokes are marked.</summary>
    Strokes,
}

/// <summary>A mask as it was read from an image: what kind of mask the image was taken for, and what it marks.</summary>
/// <param name="Mask">The marks, of the image's size.</param>
/// <param name="Kind">What the image was taken for.</param>
public sealed record MaskReading(ImageMask Mask, MaskKind Kind)
{
    /// <summary>The share of the image that is marked, 0 to 1.</summary>
    public double Share => (double)Mask.Count / Mask.Marks.Length;

    /// <summary>Whether white covers the corners and most of the image, as in a mask that means its black part.</summary>
    public bool MayBeInverted => Kind == MaskKind.WhiteOnBlack && Share > 0.5 &&
        Mask[0, 0] && Mask[Mask.Width - 1, 0] && Mask[0, Mask.Height - 1] && Mask[Mask.Width - 1, Mask.Height - 1];

    /// <summary>Says in a clause what the image was taken for and what share it marks.</summary>
    public string Describe()
    {
        var what = Kind switch
        {
            MaskKind.Hole => "an image with a transparent hole, and the hole is marked",
            MaskKind.Strokes => "strokes on a transparent layer, and the strokes are marked",
            _ => "white on black, and the white is marked",
        };
        var hint = MayBeInverted ? "; if its black part was meant, invert it" : "";
        return string.Create(CultureInfo.InvariantCulture, $"taken as {what}: {100 * Share:0.0} % of the image{hint}");
    }

    /// <summary>Reads a mask from an image file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Limits and orientation; those of <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="ImageException">The file is no image, or it is not clear what it would mark.</exception>
    public static MaskReading Read(string path, ImageDecodeOptions? options = null)
    {
        options ??= ImageDecodeOptions.Photo;
        return Read(ImageBytes.Read(path, options.MaxFileBytes), path, options);
    }

    /// <summary>Reads a mask from the bytes of an image file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="options">Limits and orientation; those of <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="ImageException">The bytes are no image, or it is not clear what it would mark.</exception>
    public static MaskReading Read(ReadOnlySpan<byte> bytes, string name, ImageDecodeOptions? options = null)
    {
        options = (options ?? ImageDecodeOptions.Photo) with { AlphaOnWhite = false };
        return MaskKinds.Read(ImageDecoder.Decode(bytes, name, options), ImageDecoder.DecodeAlpha(bytes, name, options), name);
    }
}
