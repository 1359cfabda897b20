namespace Hita.Metrics;

/// <summary>The order in which samples enter measures that depend on it.</summary>
public static class SampleOrder
{
    /// <summary>
    /// A shuffled order that is the same on every machine: the place of each sample, to be handed to
    /// <see cref="InceptionScoreStatistics.Add(ReadOnlySpan{float}, ReadOnlySpan{int})"/> as the samples come.
    /// </summary>
    /// <param name="count">How many samples there are.</param>
    /// <param name="seed">Chooses the order; 0 is what the protocols use.</param>
    /// <returns>Each of 0 … count − 1 once.</returns>
    public static int[] Shuffled(int count, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var places = new int[count];
        for (var i = 0; i < count; i++)
            places[i] = i;
        var state = seed;
        for (var last = count - 1; last > 0; last--)
        {
            var other = Below(ref state, (uint)last + 1);
            (places[last], places[other]) = (places[other], places[last]);
        }
        return places;
    }

    // Multiply and shift, sampling again in the rare case that would favour some numbers.
    internal static int Below(ref ulong state, uint bound)
    {
        while (true)
        {
            var product = (ulong)(uint)(Next(ref state) >> 32) * bound;
            if ((uint)product >= unchecked(0u - bound) % bound)
                return (int)(product >> 32);
        }
    }

    // SplitMix64.
    private static ulong Next(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
