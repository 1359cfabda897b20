using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Tokenization;

/// <summary>The image sizes that a tokenizer can take.</summary>
public static class ImageShape
{
    /// <summary>The largest side that is accepted, in patches; attention grows with the square of the patch count.</summary>
    public const int LargestGridSide = 128;

    /// <summary>Checks an image's size and gives its patch grid.</summary>
    /// <param name="height">In pixels.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="config">The tokenizer.</param>
    /// <returns>Rows and columns of the grid.</returns>
    /// <exception cref="HitaException">A side is no multiple of the patch, or too large; or the grid is smaller than the shift.</exception>
    public static (int Rows, int Columns) Check(long height, long width, TokenizerConfig config)
    {
        var patch = config.PatchSize;
        if (height <= 0 || width <= 0 || height % patch != 0 || width % patch != 0)
            throw new HitaException($"An image of {width}×{height} pixels cannot be cut into patches: both sides must be multiples of {patch}.");
        var (rows, columns) = (height / patch, width / patch);
        if (Math.Max(rows, columns) > LargestGridSide)
            throw new HitaException($"An image of {width}×{height} pixels is too large: a side may have {LargestGridSide * patch} pixels.");
        if (config.Holistic is { } holistic && rows * columns < holistic.Shift)
            throw new HitaException($"An image of {width}×{height} pixels is too small: it needs at least {holistic.Shift} patches of {patch}×{patch}.");
        return ((int)rows, (int)columns);
    }
}
