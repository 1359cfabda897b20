using Hita.Generation;
using Hita.Generation.Model;
using Hita.Tokenization;

namespace Hita.Models;

/// <summary>Makes whole codes of an image that is not whole yet, for a preview.</summary>
/// <remarks>
/// Unknown patches take the codebook's middle entry. On the pipeline "materials" that comes closer to the final image than code 0, the
/// code above, the mean of the known codes or the commonest one at every stage of the first half, and leaves no stripes.
/// </remarks>
/// <param name="config">The generator.</param>
/// <param name="middle">The middle entry's number.</param>
internal sealed class PreviewCodes(GeneratorConfig config, int middle)
{
    /// <summary>Fills what is unknown.</summary>
    /// <param name="known">The codes so far.</param>
    public ImageCodes Fill(PartialCodes known) => new(
        [.. known.Holistic.Select(static c => Math.Max(c, 0))], [.. known.Patches.Select(c => c < 0 ? middle : c)], config.GridHeight, config.GridWidth);
}
