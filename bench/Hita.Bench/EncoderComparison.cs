using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Bench;

/// <summary>How many codes a tokenizer with fewer bits a weight gives that the exact one does not, over the same images.</summary>
public sealed record EncoderDifference
{
    /// <summary>The type of the encoder's weights.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Images compared.</summary>
    public required int Images { get; init; }

    /// <summary>The share of holistic codes that differ, 0 to 1; 0 in the vanilla family.</summary>
    public required double HolisticShare { get; init; }

    /// <summary>The share of patch codes that differ, 0 to 1.</summary>
    public required double PatchShare { get; init; }
}

/// <summary>Compares tokenizers by the codes they give the same images.</summary>
public static class EncoderComparison
{
    /// <summary>Encodes the same images by both and compares the codes, one image at a time.</summary>
    /// <param name="exact">The tokenizer that is taken for right, in float32 as a rule.</param>
    /// <param name="other">The same weights with an encoder in another type.</param>
    /// <param name="images">The images, one at least, of sizes that fit.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="HitaException">The weights are not the same, an image does not fit, or a tokenizer cannot encode.</exception>
    public static EncoderDifference Compare(
        ImageTokenizer exact, ImageTokenizer other, IReadOnlyList<Image> images, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(exact);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfZero(images.Count);
        if (exact.ModelHash != other.ModelHash)
            throw new HitaException($"Only the same weights in two types can be compared: these are the tokenizers {exact.ModelHash} and {other.ModelHash}.");
        long holistic = 0, patches = 0, holisticAll = 0, patchesAll = 0;
        foreach (var image in images)
        {
            var (a, b) = (exact.Encode([image], 1, cancellation)[0], other.Encode([image], 1, cancellation)[0]);
            holistic += Differing(a.Holistic, b.Holistic);
            patches += Differing(a.Patches, b.Patches);
            holisticAll += a.Holistic.Count;
            patchesAll += a.Patches.Count;
        }
        return new EncoderDifference
        {
            Precision = other.EncoderPrecision,
            Images = images.Count,
            HolisticShare = holistic / (double)Math.Max(1, holisticAll),
            PatchShare = patches / (double)patchesAll,
        };
    }

    private static int Differing(IReadOnlyList<int> a, IReadOnlyList<int> b) => a.Zip(b).Count(static pair => pair.First != pair.Second);
}
