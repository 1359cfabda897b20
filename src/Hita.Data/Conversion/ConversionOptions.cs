using Hita.Data.Sources;
using Hita.Runtime;

namespace Hita.Data.Conversion;

/// <summary>How a set of images is written in another format.</summary>
public sealed record ConversionOptions
{
    private static readonly DataFormat[] Writable = [DataFormat.ClassFolders, DataFormat.Folder, DataFormat.Tar, DataFormat.Parquet];

    /// <summary>The formats that can be written, as the command line calls them. LMDB is read only: tar and Parquet do what it does.</summary>
    public static IReadOnlyList<string> WritableNames { get; } = [.. ImageSources.FormatNames.Where(n => Writable.Contains(ImageSources.FormatByName(n)))];

    /// <summary>The format to write: folders, tar or Parquet; tar unless set.</summary>
    public DataFormat Format { get; init; } = DataFormat.Tar;

    /// <summary>
    /// The side in pixels of the centre square that images are brought to and stored as PNG, 8 to 4096; where null, image
    /// files are taken over as they are.
    /// </summary>
    public int? Size { get; init; }

    /// <summary>Images in one tar or Parquet file, 1 to 1,000,000; 10,000 unless set.</summary>
    public int ImagesPerShard { get; init; } = 10_000;

    /// <summary>What is written: everything unless set.</summary>
    public SetPart Part { get; init; }

    /// <summary>Of each class, every so many-th image is held out, 2 to 1,000,000; 10 unless set. It matters where <see cref="Part"/> is set.</summary>
    public int HoldOutEvery { get; init; } = 10;

    /// <summary>Threads that read, 1 to 4096; as many as there are processors where null.</summary>
    public int? Threads { get; init; }

    /// <summary>Checks every setting.</summary>
    /// <returns>The settings themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public ConversionOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Require(Writable.Contains(Format), $"the format is {Format}; {string.Join(", ", WritableNames)} can be written");
        faults.Range(Size, 8, 4096, "size", "pixels");
        faults.Range(ImagesPerShard, 1, 1_000_000, "images per shard", verb: "are");
        faults.Range(HoldOutEvery, 2, 1_000_000, "the interval of images held out");
        faults.Range(Threads, 1, 4096, "threads", verb: "are");
        return faults.Checked(this, "The conversion");
    }
}

/// <summary>A part of a set. The parts of a set share no image, and are the same ones each time.</summary>
public enum SetPart
{
    /// <summary>All images.</summary>
    All,

    /// <summary>All but those held out.</summary>
    Training,

    /// <summary>Every so many-th image of each class, in the set's order.</summary>
    HeldOut,
}

/// <summary>What a conversion has done.</summary>
/// <param name="Written">Images written.</param>
/// <param name="Unreadable">What was said about each image that was left out because it cannot be read.</param>
/// <param name="Files">Files written.</param>
/// <param name="Bytes">Their bytes.</param>
public sealed record ConversionResult(int Written, IReadOnlyList<string> Unreadable, int Files, long Bytes);
