namespace Hita.Imaging;

/// <summary>PNG's five ways to store a row as differences from its neighbours.</summary>
internal static class PngFilters
{
    /// <summary>Filters a row.</summary>
    /// <param name="filter">0 none, 1 left, 2 above, 3 mean of both, 4 Paeth's choice of left, above and above left.</param>
    /// <param name="row">The row's samples.</param>
    /// <param name="above">The row above; zeros for the first.</param>
    /// <param name="target">Where the differences go.</param>
    public static void Apply(int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, Span<byte> target)
    {
        const int step = Image.Channels;
        above = above[..row.Length];
        target = target[..row.Length];
        switch (filter)
        {
            case 0:
                row.CopyTo(target);
                break;
            case 1:
                row[..step].CopyTo(target);
                for (var i = step; i < row.Length; i++)
                    target[i] = (byte)(row[i] - row[i - step]);
                break;
            case 2:
                for (var i = 0; i < row.Length; i++)
                    target[i] = (byte)(row[i] - above[i]);
                break;
            case 3:
                for (var i = 0; i < step; i++)
                    target[i] = (byte)(row[i] - (above[i] >> 1));
                for (var i = step; i < row.Length; i++)
                    target[i] = (byte)(row[i] - ((row[i - step] + above[i]) >> 1));
                break;
            default:
                for (var i = 0; i < step; i++)
                    target[i] = (byte)(row[i] - above[i]);
                for (var i = step; i < row.Length; i++)
                    target[i] = (byte)(row[i] - Nearest(row[i - step], above[i], above[i - step]));
                break;
        }
    }

    private static int Nearest(int left, int above, int corner)
    {
        var fromLeft = Math.Abs(above - corner);
        var fromAbove = Math.Abs(left - corner);
        var fromCorner = Math.Abs(left + above - 2 * corner);
        if (fromLeft <= fromAbove && fromLeft <= fromCorner)
            return left;
        return fromAbove <= fromCorner ? above : corner;
    }
}
