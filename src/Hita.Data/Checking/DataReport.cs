namespace Hita.Data.Checking;

/// <summary>What a check of a set of images has found.</summary>
public sealed record DataReport
{
    /// <summary>What was checked.</summary>
    public required string Description { get; init; }

    /// <summary>Images in the set.</summary>
    public required int Count { get; init; }

    /// <summary>What the set itself has to say: empty classes, files left out.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The classes with the numbers of their images; empty for a set without classes.</summary>
    public required IReadOnlyList<ClassCount> Classes { get; init; }

    /// <summary>Images of the largest class for each of the smallest that has any; 1 where all are equal or there are no classes.</summary>
    public required double Imbalance { get; init; }

    /// <summary>What was said about each image that cannot be read.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>The sizes of the images; null where not one can be read.</summary>
    public required SizeSummary? Sizes { get; init; }

    /// <summary>Groups of images with exactly the same pixels, by their names.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Duplicates { get; init; }

    /// <summary>How many of these groups hold images of different classes: one of the labels must be wrong.</summary>
    public required int ContradictingDuplicates { get; init; }

    /// <summary>Pairs of images that look alike: the same image in another size or quality, or a series of shots.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> NearDuplicates { get; init; }
}

/// <summary>A class and how many images it has.</summary>
/// <param name="Name">The class's name.</param>
/// <param name="Count">Its images, the unreadable ones included.</param>
public sealed record ClassCount(string Name, int Count);

/// <summary>The sizes of a set's images, as decoded.</summary>
/// <param name="ShortSideSmallest">The short side in pixels of the smallest image.</param>
/// <param name="ShortSideMedian">The short side in pixels that half of the images do not reach.</param>
/// <param name="ShortSideLargest">The short side in pixels of the largest image.</param>
/// <param name="Smallest">Name of the smallest image.</param>
/// <param name="Longest">Name of the image with the most extreme shape.</param>
/// <param name="LongestShape">Its long side divided by its short side.</param>
/// <param name="Sizes">How many different sizes there are.</param>
public sealed record SizeSummary(
    int ShortSideSmallest, int ShortSideMedian, int ShortSideLargest, string Smallest, string Longest, double LongestShape, int Sizes);
