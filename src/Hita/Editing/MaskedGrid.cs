using Hita.Generation;
using Hita.Imaging;
using Hita.Tokenization;

namespace Hita.Editing;

/// <summary>Which patches and codes a mask touches.</summary>
internal static class MaskedGrid
{
    /// <summary>The patches of which any pixel is marked, in raster order.</summary>
    /// <param name="mask">The mask of a window, of any size.</param>
    /// <param name="rows">Rows of patches.</param>
    /// <param name="columns">Columns of patches.</param>
    public static bool[] Patches(ImageMask mask, int rows, int columns)
    {
        var patches = new bool[rows * columns];
        for (var y = 0; y < mask.Height; y++)
        {
            var marks = mask.Row(y);
            if (!marks.Contains(true))
                continue;
            // A pixel of a window that is scaled up or down may touch two rows or columns of patches.
            var (top, bottom) = Touched(y, mask.Height, rows);
            for (var x = 0; x < mask.Width; x++)
            {
                if (!marks[x])
                    continue;
                var (left, right) = Touched(x, mask.Width, columns);
                for (var row = top; row <= bottom; row++)
                    patches.AsSpan((row * columns) + left, right - left + 1).Fill(true);
            }
        }
        return patches;
    }

    /// <summary>Codes of which those that belong to masked patches are unknown.</summary>
    /// <param name="codes">All codes, as read from an image with holes.</param>
    /// <param name="patches">The masked patches.</param>
    /// <param name="sampled">Which codes belong to a patch.</param>
    /// <param name="shift">How many patches further on a code decodes.</param>
    /// <param name="keepsHolistic">Whether the holistic codes are known.</param>
    public static PartialCodes Known(ImageCodes codes, bool[] patches, SampledCodes sampled, int shift, bool keepsHolistic)
    {
        var known = new int[patches.Length];
        for (var i = 0; i < known.Length; i++)
        {
            var covered = sampled != SampledCodes.Decoding && patches[i];
            // The last codes decode to nothing; they are as unknown as their own patch.
            var decoding = sampled != SampledCodes.Covered && (i + shift < patches.Length ? patches[i + shift] : patches[i]);
            known[i] = covered || decoding ? PartialCodes.Unknown : codes.Patches[i];
        }
        return new PartialCodes(keepsHolistic ? codes.Holistic : [.. codes.Holistic.Select(static _ => PartialCodes.Unknown)], known);
    }

    private static (int First, int Last) Touched(int pixel, int pixels, int patches) =>
        ((int)((long)pixel * patches / pixels), (int)((((pixel + 1L) * patches) - 1) / pixels));
}
