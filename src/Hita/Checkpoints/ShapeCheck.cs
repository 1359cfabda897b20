namespace Hita.Checkpoints;

/// <summary>Products of untrusted sides.</summary>
internal static class ShapeCheck
{
    /// <summary>The bytes of a tensor, or false where a side is negative or a product is beyond 63 bits.</summary>
    public static bool TryByteLength(ReadOnlySpan<long> shape, int elementSize, out long bytes)
    {
        bytes = elementSize;
        var empty = false;
        foreach (var side in shape)
        {
            if (side < 0)
                return false;
            empty |= side == 0;
            // A zero elsewhere does not excuse sides whose product overflows: readers of the shape would multiply them.
            if (side > 0 && bytes > long.MaxValue / side)
                return false;
            bytes *= Math.Max(side, 1);
        }
        if (empty)
            bytes = 0;
        return true;
    }
}
