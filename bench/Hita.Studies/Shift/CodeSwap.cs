using Hita.Imaging;
using Hita.Tokenization;

namespace Hita.Studies.Shift;

/// <summary>How much each kind of code matters to the image: what is lost when an image takes those of another one.</summary>
/// <param name="Images">Images that were measured.</param>
/// <param name="Own">Mean PSNR with an image's own codes, in decibels.</param>
/// <param name="HolisticSwapped">Mean PSNR with another image's holistic codes.</param>
/// <param name="PatchesSwapped">Mean PSNR with another image's patch codes.</param>
internal sealed record CodeSwap(int Images, double Own, double HolisticSwapped, double PatchesSwapped)
{
    private const int Batch = 16;

    /// <summary>Decibels that the image loses without its holistic codes; near 0, the decoder does not use them.</summary>
    public double HolisticDrop => Own - HolisticSwapped;

    /// <summary>Decibels that it loses without its patch codes.</summary>
    public double PatchDrop => Own - PatchesSwapped;

    /// <summary>Measures; each image takes the codes of the next one.</summary>
    /// <param name="tokenizer">A tokenizer with holistic codes.</param>
    /// <param name="images">Two or more images of one size.</param>
    /// <param name="cancellation">Stops.</param>
    public static CodeSwap Measure(ImageTokenizer tokenizer, IReadOnlyList<Image> images, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images.Count, 2);
        var codes = tokenizer.Encode(images, Batch, cancellation);
        ImageCodes Other(int i) => codes[(i + 1) % codes.Count];
        return new CodeSwap(
            images.Count,
            Psnr(codes),
            Psnr([.. codes.Select((c, i) => new ImageCodes(Other(i).Holistic, c.Patches, c.GridHeight, c.GridWidth))]),
            Psnr([.. codes.Select((c, i) => new ImageCodes(c.Holistic, Other(i).Patches, c.GridHeight, c.GridWidth))]));

        // Equal images have no finite ratio; 8-bit samples cannot tell more than this.
        double Psnr(IReadOnlyList<ImageCodes> chosen) => tokenizer.Decode(chosen, Batch, cancellation)
            .Select((decoded, i) => Math.Min(ImageComparison.Psnr(images[i], decoded), 100)).Average();
    }
}
