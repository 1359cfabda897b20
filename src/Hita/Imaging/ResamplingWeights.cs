namespace Hita.Imaging;

/// <summary>For each target pixel of one axis: which source pixels count, and how much, as fixed-point integers.</summary>
internal sealed class ResamplingWeights
{
    /// <summary>One half in fixed point; sums start from it so that the final shift rounds.</summary>
    public const int Half = 1 << (FractionBits - 1);

    // 8 bits for the sample and 2 for sign and overshoot leave 22 of 32 for the weight's fraction.
    private const int FractionBits = 32 - 8 - 2;

    private readonly int[] _factors;
    private readonly (int First, int Count)[] _ranges;
    private readonly int _stride;

    private ResamplingWeights(int size, int stride)
    {
        _factors = new int[checked(size * stride)];
        _ranges = new (int, int)[size];
        _stride = stride;
    }

    /// <summary>The weights for one axis.</summary>
    /// <param name="from">The present size in pixels.</param>
    /// <param name="to">The new size in pixels.</param>
    /// <param name="filter">The filter.</param>
    public static ResamplingWeights Create(int from, int to, ResamplingFilter filter)
    {
        var scale = (double)from / to;
        var widening = Math.Max(scale, 1.0);
        var reach = (filter == ResamplingFilter.Box ? 0.5 : 2.0) * widening;
        var weights = new ResamplingWeights(to, (int)Math.Ceiling(reach) * 2 + 1);
        var exact = new double[weights._stride];
        for (var i = 0; i < to; i++)
        {
            var center = (i + 0.5) * scale;
            // Truncation, not flooring: the protocol's own arithmetic, which differs left of zero only.
            var first = Math.Max((int)(center - reach + 0.5), 0);
            var count = Math.Min((int)(center + reach + 0.5), from) - first;
            var sum = 0.0;
            for (var j = 0; j < count; j++)
                sum += exact[j] = Weight(filter, (j + first - center + 0.5) * (1.0 / widening));
            weights._ranges[i] = (first, count);
            for (var j = 0; j < count; j++)
                weights._factors[i * weights._stride + j] = ToFixed(sum == 0.0 ? exact[j] : exact[j] / sum);
        }
        return weights;
    }

    /// <summary>The weights of one target pixel.</summary>
    /// <param name="target">Its place.</param>
    /// <param name="first">The place of the first source pixel that counts.</param>
    public ReadOnlySpan<int> For(int target, out int first)
    {
        (first, var count) = _ranges[target];
        return _factors.AsSpan(target * _stride, count);
    }

    /// <summary>A fixed-point sum as a sample, limited to 0…255.</summary>
    public static byte ToByte(int sum) => (byte)Math.Clamp(sum >> FractionBits, 0, 255);

    // Rounded half away from zero, which Math.Round would do too, but not in the same place for values just below a half.
    private static int ToFixed(double weight) =>
        (int)(weight * (1 << FractionBits) + (weight < 0 ? -0.5 : 0.5));

    private static double Weight(ResamplingFilter filter, double distance)
    {
        if (filter == ResamplingFilter.Box)
            return distance is > -0.5 and <= 0.5 ? 1.0 : 0.0;
        const double a = -0.5;
        var x = Math.Abs(distance);
        return x switch
        {
            < 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * a,
            _ => 0.0,
        };
    }
}
