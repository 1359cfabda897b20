using Hita.Imaging;

namespace Hita.Editing;

/// <summary>What one holistic code does to an image.</summary>
/// <param name="Index">Its place among the holistic codes, from 0.</param>
/// <param name="Code">Its value.</param>
/// <param name="OtherCode">The value that was put in its place; null where it was dropped.</param>
/// <param name="Changed">The image without it, or with the other value.</param>
/// <param name="Difference">How much each pixel changes: the mean over red, green and blue, 0 to 255, row by row.</param>
/// <param name="MeanChange">The mean of the differences.</param>
/// <param name="Reach">The share of the pixels that change by more than <see cref="VisibleChange"/>, 0 to 1.</param>
/// <param name="Attention">How much its query attends to each patch while the image is encoded, in raster order; it sums to less than 1.</param>
public sealed record CodeEffect(
    int Index, int Code, int? OtherCode, Image Changed, IReadOnlyList<byte> Difference, double MeanChange, double Reach, IReadOnlyList<float> Attention)
{
    /// <summary>A change that counts as visible, of 255.</summary>
    public const int VisibleChange = 4;
}

/// <summary>What the holistic codes of an image do, one at a time.</summary>
/// <param name="Image">The image as the model sees it.</param>
/// <param name="Reconstruction">What all its codes decode to; the changes are measured from it.</param>
/// <param name="Other">The image whose codes were swapped in; null where codes were dropped.</param>
/// <param name="GridHeight">Rows of patches.</param>
/// <param name="GridWidth">Columns of patches.</param>
/// <param name="Effects">The codes that were explored, by their place.</param>
public sealed record CodeExploration(
    Image Image, Image Reconstruction, Image? Other, int GridHeight, int GridWidth, IReadOnlyList<CodeEffect> Effects);
