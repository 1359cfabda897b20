namespace Hita.Tokenization;

/// <summary>
/// What a tokenizer sees in an image before it rounds it to codes: a vector of unit length for each code. Vectors can be mixed
/// where codes cannot.
/// </summary>
public sealed class ImageFeatures
{
    /// <summary>Creates the features of an image.</summary>
    /// <param name="holistic">M vectors, one after the other; empty in the vanilla family.</param>
    /// <param name="patches">H·W vectors in raster order, one after the other.</param>
    /// <param name="gridHeight">Rows H of the patch grid.</param>
    /// <param name="gridWidth">Columns W of the patch grid.</param>
    /// <exception cref="ArgumentException">The patch vectors do not fill the grid.</exception>
    public ImageFeatures(float[] holistic, float[] patches, int gridHeight, int gridWidth)
    {
        ArgumentNullException.ThrowIfNull(holistic);
        ArgumentNullException.ThrowIfNull(patches);
        ArgumentOutOfRangeException.ThrowIfLessThan(gridHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(gridWidth, 1);
        if (patches.Length == 0 || patches.Length % ((long)gridHeight * gridWidth) != 0)
            throw new ArgumentException($"{patches.Length} numbers are not a vector for each of {gridHeight} × {gridWidth} patches.", nameof(patches));
        (Holistic, Patches, GridHeight, GridWidth) = (holistic, patches, gridHeight, gridWidth);
    }

    /// <summary>The holistic vectors, one after the other; empty in the vanilla family.</summary>
    public IReadOnlyList<float> Holistic { get; }

    /// <summary>The patch vectors in raster order, one after the other.</summary>
    public IReadOnlyList<float> Patches { get; }

    /// <summary>Rows H of the patch grid.</summary>
    public int GridHeight { get; }

    /// <summary>Columns W of the patch grid.</summary>
    public int GridWidth { get; }

    /// <summary>Features on the straight way between two, each vector brought back to unit length.</summary>
    /// <param name="from">The start.</param>
    /// <param name="to">The end, of the same model.</param>
    /// <param name="holisticShare">How far the holistic vectors go, 0 (start) to 1 (end).</param>
    /// <param name="patchShare">How far the patch vectors go, 0 (start) to 1 (end); both grids have one size unless it is 0.</param>
    /// <param name="dimensions">Dimensions of a holistic and of a patch vector.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    internal static ImageFeatures Blend(
        ImageFeatures from, ImageFeatures to, double holisticShare, double patchShare, (int Holistic, int Patches) dimensions)
    {
        var patches = patchShare == 0 ? [.. from.Patches] : Blend(from.Patches, to.Patches, patchShare, dimensions.Patches);
        return new ImageFeatures(
            Blend(from.Holistic, to.Holistic, holisticShare, dimensions.Holistic), patches, from.GridHeight, from.GridWidth);
    }

    private static float[] Blend(IReadOnlyList<float> from, IReadOnlyList<float> to, double share, int dimensions)
    {
        if (from.Count != to.Count)
            throw new ArgumentException($"{from.Count} and {to.Count} numbers cannot be mixed.", nameof(to));
        // The ends are exact, without the rounding of the unit length.
        if (share is 0 or 1)
            return [.. share == 0 ? from : to];
        var result = new float[from.Count];
        for (var start = 0; start < result.Length; start += dimensions)
        {
            double square = 0;
            for (var i = start; i < start + dimensions; i++)
            {
                result[i] = (float)(from[i] + (share * ((double)to[i] - from[i])));
                square += (double)result[i] * result[i];
            }
            // Opposite vectors meet at zero, which has no direction; the start's is as good as any there.
            if (square < 1e-12)
            {
                for (var i = start; i < start + dimensions; i++)
                    result[i] = from[i];
                continue;
            }
            var scale = 1 / Math.Sqrt(square);
            for (var i = start; i < start + dimensions; i++)
                result[i] = (float)(result[i] * scale);
        }
        return result;
    }
}
