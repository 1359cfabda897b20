using Hita.Generation;
using Hita.Generation.Model;
using Hita.Tokenization;

namespace Hita.Models;

/// <summary>Makes whole codes of an image that is not whole yet, for a preview.</summary>
internal static class PreviewCodes
{
    /// <summary>Fills what is unknown.</summary>
    /// <param name="config">The generator.</param>
    /// <param name="known">The codes so far.</param>
    public static ImageCodes Fill(GeneratorConfig config, PartialCodes known)
    {
        int[] patches = [.. known.Patches];
        var last = 0;
        for (var i = 0; i < patches.Length; i++)
        {
            // The code above, or the one before where nothing is above.
            if (patches[i] < 0)
                patches[i] = i >= config.GridWidth ? patches[i - config.GridWidth] : last;
            last = patches[i];
        }
        return new ImageCodes([.. known.Holistic.Select(static c => Math.Max(c, 0))], patches, config.GridHeight, config.GridWidth);
    }
}
