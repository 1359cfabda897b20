using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Tokenization;

/// <summary>The codes of one image: what the tokenizer makes of an image, and what the generator writes.</summary>
public sealed class ImageCodes
{
    /// <summary>Creates the codes of an image.</summary>
    /// <param name="holistic">M holistic codes; empty in the vanilla family.</param>
    /// <param name="patches">H·W patch codes in raster order.</param>
    /// <param name="gridHeight">Rows H of the patch grid.</param>
    /// <param name="gridWidth">Columns W of the patch grid.</param>
    /// <exception cref="ArgumentException">The patch codes do not fill the grid.</exception>
    public ImageCodes(IReadOnlyList<int> holistic, IReadOnlyList<int> patches, int gridHeight, int gridWidth)
    {
        ArgumentNullException.ThrowIfNull(holistic);
        ArgumentNullException.ThrowIfNull(patches);
        ArgumentOutOfRangeException.ThrowIfLessThan(gridHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(gridWidth, 1);
        if (patches.Count != (long)gridHeight * gridWidth)
            throw new ArgumentException($"{patches.Count} patch codes do not fill a grid of {gridHeight} × {gridWidth}.", nameof(patches));
        Holistic = holistic;
        Patches = patches;
        GridHeight = gridHeight;
        GridWidth = gridWidth;
    }

    /// <summary>Holistic codes, 0 … V − 1 each; empty in the vanilla family.</summary>
    public IReadOnlyList<int> Holistic { get; }

    /// <summary>Patch codes in raster order, 0 … V − 1 each.</summary>
    public IReadOnlyList<int> Patches { get; }

    /// <summary>Rows H of the patch grid.</summary>
    public int GridHeight { get; }

    /// <summary>Columns W of the patch grid.</summary>
    public int GridWidth { get; }

    /// <summary>Checks that a tokenizer can decode these codes.</summary>
    /// <param name="config">The tokenizer's architecture.</param>
    /// <exception cref="HitaException">Their number or their range does not fit.</exception>
    public void CheckFor(TokenizerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (Holistic.Count != config.HolisticTokenCount)
            throw new HitaException($"An image of this tokenizer has {config.HolisticTokenCount} holistic codes, these codes have {Holistic.Count}: they come from another model.");
        ImageShape.Check((long)GridHeight * config.PatchSize, (long)GridWidth * config.PatchSize, config);
        foreach (var code in Holistic.Concat(Patches))
        {
            if ((uint)code >= (uint)config.CodebookSize)
                throw new HitaException($"Code {code} is not in this tokenizer's codebook of {config.CodebookSize} entries: the codes come from another model.");
        }
    }
}
