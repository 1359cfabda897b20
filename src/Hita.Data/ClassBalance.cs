using Hita.Runtime;

namespace Hita.Data;

/// <summary>How often the items of a class come in an epoch, so that small classes are seen more.</summary>
/// <remarks>
/// With a balance b from 0 to 1, a class of n items comes n^(1−b) · largest^b times: at 0 every item once, at 1 every class as often
/// as the largest. No item is left out; those of smaller classes come several times, evenly.
/// </remarks>
internal static class ClassBalance
{
    private const ulong Purpose = 0x42616C61_00000000;

    /// <summary>The items of an epoch in ascending order, each as often as it comes.</summary>
    /// <param name="count">Items.</param>
    /// <param name="classOf">The class of an item.</param>
    /// <param name="balance">b, 0 to 1.</param>
    /// <exception cref="HitaException">The epoch would be too long to be numbered.</exception>
    public static int[] Repeat(int count, Func<int, int> classOf, double balance)
    {
        var groups = Enumerable.Range(0, count).GroupBy(classOf).Select(static g => g.ToArray()).ToList();
        double largest = groups.Max(static g => g.Length);
        var times = new int[count];
        var total = 0L;
        foreach (var group in groups)
        {
            var places = (long)Math.Round(Math.Pow(group.Length, 1 - balance) * Math.Pow(largest, balance));
            total += places;
            if (total > int.MaxValue)
                throw new HitaException($"An epoch of balanced classes would have more than {int.MaxValue} images; choose a smaller data.class_balance.");
            Spread(group, places, times);
        }
        var items = new int[total];
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            items.AsSpan(at, times[i]).Fill(i);
            at += times[i];
        }
        return items;
    }

    // All equally often, and what is left over to some, chosen uniformly at random and always the same.
    private static void Spread(int[] group, long places, int[] times)
    {
        var (each, rest) = Math.DivRem(places, group.Length);
        foreach (var item in group)
            times[item] = (int)each;
        foreach (var item in group.OrderBy(static i => new CounterRandom(0, (ulong)i, Purpose).NextBits()).Take((int)rest))
            times[item]++;
    }
}
