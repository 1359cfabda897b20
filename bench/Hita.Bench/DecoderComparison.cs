using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Bench;

/// <summary>How far a tokenizer with fewer bits a weight decodes from the exact one, over the same codes.</summary>
public sealed record DecoderDifference
{
    /// <summary>The type of the weights.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Images compared.</summary>
    public required int Images { get; init; }

    /// <summary>The mean distance of a channel of a pixel, in grey levels, 0 to 255.</summary>
    public required double MeanDifference { get; init; }

    /// <summary>The largest of them.</summary>
    public required int LargestDifference { get; init; }
}

/// <summary>Compares tokenizers by what they decode of the same codes.</summary>
public static class DecoderComparison
{
    /// <summary>Decodes the same codes by both and compares the images, one by one.</summary>
    /// <param name="exact">The tokenizer that is taken for right, in float32 as a rule.</param>
    /// <param name="other">The same weights in another type.</param>
    /// <param name="codes">The codes, one image at least.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <returns>The difference, and what each of them decoded, in the codes' order.</returns>
    /// <exception cref="HitaException">The weights are not the same, or the codes belong to another model.</exception>
    public static (DecoderDifference Difference, IReadOnlyList<Image> Exact, IReadOnlyList<Image> Other) Compare(
        ImageTokenizer exact, ImageTokenizer other, IReadOnlyList<ImageCodes> codes, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(exact);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(codes);
        ArgumentOutOfRangeException.ThrowIfZero(codes.Count);
        if (exact.ModelHash != other.ModelHash)
            throw new HitaException($"Only the same weights in two types can be compared: these are the tokenizers {exact.ModelHash} and {other.ModelHash}.");
        var (first, second) = (new List<Image>(), new List<Image>());
        long sum = 0, values = 0;
        var largest = 0;
        foreach (var image in codes)
        {
            first.Add(exact.Decode([image], cancellation: cancellation)[0]);
            second.Add(other.Decode([image], cancellation: cancellation)[0]);
            ReadOnlySpan<byte> a = first[^1].Pixels, b = second[^1].Pixels;
            for (var i = 0; i < a.Length; i++)
            {
                var distance = Math.Abs(a[i] - b[i]);
                sum += distance;
                largest = Math.Max(largest, distance);
            }
            values += a.Length;
        }
        return (
            new DecoderDifference { Precision = other.Precision, Images = codes.Count, MeanDifference = (double)sum / values, LargestDifference = largest },
            first,
            second);
    }
}
