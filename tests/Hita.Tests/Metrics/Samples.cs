namespace Hita.Tests.Metrics;

/// <summary>Random vectors, the same for the same seed.</summary>
internal static class Samples
{
    /// <summary>Normally distributed numbers.</summary>
    public static float[] Normal(int count, int seed, double mean = 0, double deviation = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
            value = (float)(mean + (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
        return values;
    }
}
