using Hita.Imaging;
using Hita.Tokenization;

namespace Hita.Evaluation.Runs;

/// <summary>Some of the images of an evaluation, in order, as its metrics see them.</summary>
public sealed record EvaluationBatch
{
    /// <summary>The images that are judged, at the size they are measured at; empty where not one of the batch could be read.</summary>
    public required IReadOnlyList<Image> Images { get; init; }

    /// <summary>What each of them was made from, at the same size; empty where they are not made from images.</summary>
    public IReadOnlyList<Image> Originals { get; init; } = [];

    /// <summary>The codes of each; empty where they are not known.</summary>
    public IReadOnlyList<ImageCodes> Codes { get; init; } = [];

    /// <summary>The class of each; empty where it is not known.</summary>
    public IReadOnlyList<int> Classes { get; init; } = [];

    /// <summary>What was said about those that could not be read and are not among the images.</summary>
    public IReadOnlyList<string> Unreadable { get; init; } = [];

    /// <summary>The number of the first image among all that have been measured; set by the driver.</summary>
    internal long First { get; init; }

    /// <summary>Whether the images are those of a part that a process of its own measures; set by the driver.</summary>
    internal bool IsOfPart { get; init; }

    /// <summary>The images as they came from the data, by which the data is identified.</summary>
    internal IReadOnlyList<Image> FromData => Originals.Count > 0 ? Originals : Images;
}
