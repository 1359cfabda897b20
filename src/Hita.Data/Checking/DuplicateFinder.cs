namespace Hita.Data.Checking;

/// <summary>Finds the images that occur more than once, exactly or nearly.</summary>
internal static class DuplicateFinder
{
    /// <summary>How many of the following prints each is compared with, among those that agree in a part.</summary>
    private const int Neighbours = 64;

    /// <summary>Groups of images with the same pixels, each in ascending order.</summary>
    /// <param name="prints">The prints by image; images without one cannot be read.</param>
    public static List<int[]> Exact(ImageFingerprint?[] prints) =>
    [
        .. prints.Index().Where(static p => p.Item is not null).GroupBy(static p => p.Item!.Value.Exact, static p => p.Index)
            .Where(static g => g.Skip(1).Any()).Select(static g => g.ToArray()),
    ];

    /// <summary>Pairs of images that look alike and are not the same, in ascending order.</summary>
    /// <param name="prints">The prints by image.</param>
    /// <param name="cancellation">Asks to stop.</param>
    public static List<(int First, int Second)> Near(ImageFingerprint?[] prints, CancellationToken cancellation)
    {
        // Of images with the same pixels the first stands for all.
        var seen = new HashSet<UInt128>();
        var some = Enumerable.Range(0, prints.Length).Where(i => prints[i] is { HasDetail: true } print && seen.Add(print.Exact)).ToArray();
        var pairs = new HashSet<(int, int)>();
        var keys = new (ushort Part, ulong Across, ulong Down)[some.Length];
        for (var part = 0; part < 8; part++)
        {
            cancellation.ThrowIfCancellationRequested();
            var order = (int[])some.Clone();
            for (var i = 0; i < order.Length; i++)
                keys[i] = (prints[order[i]]!.Value.Part(part), prints[order[i]]!.Value.Across, prints[order[i]]!.Value.Down);
            Array.Sort(keys, order);
            for (var i = 0; i < order.Length; i++)
            {
                for (var j = i + 1; j < Math.Min(i + Neighbours, order.Length) && keys[j].Part == keys[i].Part; j++)
                {
                    if (prints[order[i]]!.Value.Distance(prints[order[j]]!.Value) <= ImageFingerprint.MaxDifferent)
                        pairs.Add((Math.Min(order[i], order[j]), Math.Max(order[i], order[j])));
                }
            }
        }
        return [.. pairs.Order()];
    }
}
