using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data;

/// <summary>Which square of an image is used.</summary>
public enum CropMethod
{
    /// <summary>The centre square, resized to the wanted side.</summary>
    Center,

    /// <summary>
    /// A random square: the short side becomes a random number of pixels from S to ⌈S/0.8⌉, and the square lies anywhere.
    /// </summary>
    Random,

    /// <summary>
    /// One of ten: the four corners and the middle of a centre square somewhat larger than wanted, each also mirrored, as the
    /// recipe of the vanilla family does.
    /// </summary>
    Ten,
}

/// <summary>How images become squares of one size, and what of it is left to chance.</summary>
public sealed record Augmentation
{
    /// <summary>
    /// An image longer than this many times its short side is first cut to it: enlarged whole, a strip of a few rows would take
    /// gigabytes.
    /// </summary>
    private const int MaxShape = 32;

    /// <summary>Most variants that <see cref="TenCropScales"/> may ask for, times ten.</summary>
    private const int MaxScales = 8;

    /// <summary>S, the side of the square in pixels, 8 to 4096.</summary>
    public required int Size { get; init; }

    /// <summary>Which square is used; <see cref="CropMethod.Random"/> unless set.</summary>
    public CropMethod Crop { get; init; } = CropMethod.Random;

    /// <summary>
    /// Whether half of the images are mirrored left to right (the default). The ten crops hold the mirrored ones already and
    /// ignore it.
    /// </summary>
    public bool Flip { get; init; } = true;

    /// <summary>
    /// For the ten crops: the side of the larger square as a multiple of S, each 1 to 4; ten variants for each. 1.1 unless set.
    /// </summary>
    public IReadOnlyList<double> TenCropScales { get; init; } = [1.1];

    /// <summary>How many different results an image has under <see cref="ApplyVariant"/>: 1, 2 with mirroring, 10 a scale for the ten crops.</summary>
    public int VariantCount => Crop == CropMethod.Ten ? 10 * TenCropScales.Count : Flip ? 2 : 1;

    /// <summary>The same size without chance: the centre square, not mirrored.</summary>
    public Augmentation Still => this with { Crop = CropMethod.Center, Flip = false };

    /// <summary>Checks every setting.</summary>
    /// <returns>The settings themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public Augmentation Validate()
    {
        var faults = new FaultCollector();
        faults.Range(Size, 8, 4096, "size", "pixels");
        faults.OneOf(Crop, "crop");
        faults.Require(TenCropScales.Count is >= 1 and <= MaxScales, $"there are {TenCropScales.Count} ten-crop scales, 1 to {MaxScales} are possible");
        foreach (var scale in TenCropScales)
            faults.Range(scale, 1, 4, "a ten-crop scale");
        return faults.Checked(this, "The augmentation");
    }

    /// <summary>The square of an image in an epoch. It depends on the arguments and settings alone.</summary>
    /// <param name="image">The whole image, of any size.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">How often the whole set has been seen, 0 or more.</param>
    /// <param name="index">The image's number in its source, 0 or more.</param>
    /// <returns>An image of Size × Size; the same object where nothing had to be changed.</returns>
    public Image Apply(Image image, ulong seed, int epoch, int index)
    {
        var random = new IndexedRandom();
        random.Begin(seed, epoch, index);
        return Apply(image, random);
    }

    /// <summary>
    /// One of the fixed variants, for codes that are computed once: the centre square and its mirror image, or the ten crops in
    /// the order top left, top right, bottom left, bottom right, middle, then the five mirrored, for each scale in turn.
    /// </summary>
    /// <param name="image">The whole image, of any size.</param>
    /// <param name="variant">0 to <see cref="VariantCount"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such variant.</exception>
    public Image ApplyVariant(Image image, int variant)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfNegative(variant);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(variant, VariantCount);
        image = Shortened(image);
        if (Crop == CropMethod.Ten)
            return TenCrop(image, variant);
        var center = Centered(image);
        return variant == 1 ? center.FlipHorizontally() : center;
    }

    internal Image Apply(Image image, Random random)
    {
        ArgumentNullException.ThrowIfNull(image);
        image = Shortened(image);
        if (Crop == CropMethod.Ten)
            return TenCrop(image, random.Next(VariantCount));
        var square = Crop == CropMethod.Random ? AdmCrops.RandomSquare(image, Size, random) : Centered(image);
        return Flip ? AdmCrops.RandomFlip(square, random) : square;
    }

    private static Image Shortened(Image image)
    {
        var most = MaxShape * (long)Math.Min(image.Width, image.Height);
        if (Math.Max(image.Width, image.Height) <= most)
            return image;
        var (width, height) = ((int)Math.Min(image.Width, most), (int)Math.Min(image.Height, most));
        return image.Crop((image.Width - width) / 2, (image.Height - height) / 2, width, height);
    }

    private Image Centered(Image image) =>
        image.Width == Size && image.Height == Size ? image : AdmCrops.Center(image, Size);

    private Image TenCrop(Image image, int variant)
    {
        var (scale, place) = Math.DivRem(variant, 10);
        // Cut off and not rounded, as the published code does.
        var larger = AdmCrops.Center(image, (int)(Size * TenCropScales[scale]));
        var room = larger.Width - Size;
        // The middle is rounded to even, as the published code does.
        var middle = (int)Math.Round(room / 2.0, MidpointRounding.ToEven);
        // The whole square is mirrored first and then cropped, so that place 5 is the top left of the mirrored square.
        var square = place >= 5 ? larger.FlipHorizontally() : larger;
        var (x, y) = (place % 5) switch
        {
            0 => (0, 0),
            1 => (room, 0),
            2 => (0, room),
            3 => (room, room),
            _ => (middle, middle),
        };
        return square.Crop(x, y, Size, Size);
    }
}
