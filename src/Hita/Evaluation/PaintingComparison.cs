using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Evaluation;

/// <summary>How far a tokenizer with fewer bits a weight paints from the exact one, over the same codes.</summary>
public sealed record PaintingDifference
{
    /// <summary>The type of the weights.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Pictures compared.</summary>
    public required int Pictures { get; init; }

    /// <summary>The mean distance of a channel of a pixel, in grey levels, 0 to 255.</summary>
    public required double MeanDifference { get; init; }

    /// <summary>The largest of them.</summary>
    public required int LargestDifference { get; init; }
}

/// <summary>Compares tokenizers by what they paint of the same codes.</summary>
public static class PaintingComparison
{
    /// <summary>Compares.</summary>
    /// <param name="exact">The tokenizer that is taken for right, in float32 as a rule.</param>
    /// <param name="other">The same weights in another type.</param>
    /// <param name="codes">The codes, one image at least.</param>
    /// <param name="cancellation">Stops between two pictures.</param>
    /// <returns>The difference, and what the other one painted, in the codes' order.</returns>
    /// <exception cref="HitaException">The codes belong to another model.</exception>
    public static (PaintingDifference Difference, IReadOnlyList<Picture> Pictures) Compare(
        ImageTokenizer exact, ImageTokenizer other, IReadOnlyList<ImageCodes> codes, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(exact);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(codes);
        ArgumentOutOfRangeException.ThrowIfZero(codes.Count);
        var painted = new List<Picture>();
        long sum = 0, values = 0;
        var largest = 0;
        foreach (var image in codes)
        {
            painted.Add(other.Decode([image], cancellation: cancellation)[0]);
            ReadOnlySpan<byte> a = exact.Decode([image], cancellation: cancellation)[0].Pixels, b = painted[^1].Pixels;
            for (var i = 0; i < a.Length; i++)
            {
                var distance = Math.Abs(a[i] - b[i]);
                sum += distance;
                largest = Math.Max(largest, distance);
            }
            values += a.Length;
        }
        return (
            new PaintingDifference { Precision = other.Precision, Pictures = codes.Count, MeanDifference = (double)sum / values, LargestDifference = largest },
            painted);
    }
}
