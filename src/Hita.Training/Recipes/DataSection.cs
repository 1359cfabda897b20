using Hita.Data;
using Hita.Data.Sources;
using Hita.Runtime;

namespace Hita.Training.Recipes;

/// <summary>What a run learns from.</summary>
public sealed record DataSection
{
    /// <summary>The word for the built-in set where a path could stand.</summary>
    public const string Materials = "materials";

    /// <summary>The format that stands for what the path is.</summary>
    public const string Auto = "auto";

    /// <summary>
    /// A folder of class folders, a plain folder, tar shards, Parquet files, an LMDB, a token cache (generators), or the built-in
    /// set: <c>materials</c> for its first scenes, <c>materials:SEED:FIRST..END</c> for others.
    /// </summary>
    public required string Source { get; init; }

    /// <summary>The kind of source where the path does not tell, see <see cref="ImageSources.FormatNames"/>. Default <c>auto</c>.</summary>
    public string Format { get; init; } = Auto;

    /// <summary>Side of the squares in pixels, a multiple of the patch; null for the size that the tokenizer was made for.</summary>
    public int? ImageSize { get; init; }

    /// <summary>For <c>source: materials</c>: how many scenes, from the first on. Default 100,000.</summary>
    public int MaterialsCount { get; init; } = 100_000;

    /// <summary>For <c>source: materials</c>: the seed of the scenes. Default 0.</summary>
    public ulong MaterialsSeed { get; init; }

    /// <summary>What is cut off around every image: <c>none</c> or <c>dark</c>, the dark border of a scan. Default <c>none</c>.</summary>
    public BorderCut Trim { get; init; }

    /// <summary>
    /// How images become squares: <c>cut</c> by the crop, or <c>pad</c> with a margin in the colour of their edges, so that nothing
    /// is cut off before the crop. Default <c>cut</c>.
    /// </summary>
    public SquareMethod Square { get; init; }

    /// <summary>
    /// How far classes are brought to the same number, 0 to 1: at 0 an epoch has every image once, at 1 every class as often as the
    /// largest, in between a class of n images comes in proportion to n^(1 − this). Default 0.
    /// </summary>
    public double ClassBalance { get; init; }

    /// <summary>Which square of an image is used: <c>random</c> (published), <c>center</c> or <c>ten</c>.</summary>
    public CropMethod Crop { get; init; } = CropMethod.Random;

    /// <summary>Whether half of the images are mirrored. Default true.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>For <c>crop: ten</c>: the sides of the larger square as multiples of the image's. Default 1.1.</summary>
    public IReadOnlyList<double> TenCropScales { get; init; } = [1.1];

    /// <summary>The share of images that may be unreadable before the run stops, 0 to 1. Default 0.1.</summary>
    public double MaxUnreadable { get; init; } = 0.1;

    /// <summary>Opens the images.</summary>
    /// <param name="size">The side in which the built-in set is sampled.</param>
    /// <exception cref="HitaException">There are none, or they cannot be read.</exception>
    public IImageSource Open(int size) => Source == Materials
        ? new MaterialsSource(size, MaterialsSeed, 0, MaterialsCount)
        : ImageSources.Open(Source, new ImageSourceOptions
        {
            Format = Format == Auto ? null : ImageSources.FormatByName(Format),
            MaterialsSize = size,
            Preparation = new PreparationOptions(Trim, Square),
        });

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Require(Source.Length > 0, $"data.source is empty");
        faults.Require(
            Format == Auto || ImageSources.FormatNames.Contains(Format),
            $"data.format is '{Format}', it must be one of {Auto}, {string.Join(", ", ImageSources.FormatNames)}");
        faults.Range(ImageSize, 8, 4096, "data.image_size");
        faults.Min(MaterialsCount, 1, "data.materials_count");
        faults.Require(
            TenCropScales.Count is >= 1 and <= 8 && TenCropScales.All(static s => s is >= 1 and <= 4),
            $"data.ten_crop_scales must be 1 to 8 numbers from 1 to 4");
        faults.Range(ClassBalance, 0, 1, "data.class_balance");
        faults.Range(MaxUnreadable, 0, 1, "data.max_unreadable");
    }
}
