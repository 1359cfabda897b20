namespace Hita.Data.Checking;

/// <summary>What a check of a set of pictures has found.</summary>
public sealed record DataReport
{
    /// <summary>What was checked.</summary>
    public required string Description { get; init; }

    /// <summary>Pictures in the set.</summary>
    public required int Count { get; init; }

    /// <summary>What the set itself has to say: empty classes, files left out.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The classes with the numbers of their pictures; empty for a set without classes.</summary>
    public required IReadOnlyList<ClassCount> Classes { get; init; }

    /// <summary>Pictures of the largest class for each of the smallest that has any; 1 where all are equal or there are no classes.</summary>
    public required double Imbalance { get; init; }

    /// <summary>What was said about each picture that cannot be read.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>The sizes of the pictures; null where not one can be read.</summary>
    public required SizeSummary? Sizes { get; init; }

    /// <summary>Groups of pictures with exactly the same pixels, by their names.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Duplicates { get; init; }

    /// <summary>How many of these groups hold pictures of different classes: one of the labels must be wrong.</summary>
    public required int ContradictingDuplicates { get; init; }

    /// <summary>Pairs of pictures that look alike: the same picture in another size or quality, or a series of shots.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> NearDuplicates { get; init; }
}

/// <summary>A class and how many pictures it has.</summary>
/// <param name="Name">The class's name.</param>
/// <param name="Count">Its pictures, the unreadable ones included.</param>
public sealed record ClassCount(string Name, int Count);

/// <summary>The sizes of a set's pictures, as decoded.</summary>
/// <param name="ShortSideSmallest">The short side in pixels of the smallest picture.</param>
/// <param name="ShortSideMedian">The short side in pixels that half of the pictures do not reach.</param>
/// <param name="ShortSideLargest">The short side in pixels of the largest picture.</param>
/// <param name="Smallest">Name of the smallest picture.</param>
/// <param name="Longest">Name of the picture with the most extreme shape.</param>
/// <param name="LongestShape">Its long side divided by its short side.</param>
/// <param name="Sizes">How many different sizes there are.</param>
public sealed record SizeSummary(
    int ShortSideSmallest, int ShortSideMedian, int ShortSideLargest, string Smallest, string Longest, double LongestShape, int Sizes);
