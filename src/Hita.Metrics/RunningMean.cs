using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>Accumulates the mean and the spread of a number measured on every sample, for example of LPIPS.</summary>
public sealed class RunningMean : IAccumulator<RunningMean>
{
    private double _squares;

    /// <inheritdoc/>
    public long Count { get; private set; }

    /// <summary>The mean; 0 before the first number.</summary>
    public double Mean { get; private set; }

    /// <summary>The standard deviation of the numbers themselves; 0 for fewer than two.</summary>
    public double StandardDeviation => Count < 2 ? 0 : Math.Sqrt(_squares / Count);

    /// <summary>Adds a number.</summary>
    /// <param name="value">The number.</param>
    /// <exception cref="HitaException">It is not finite.</exception>
    public void Add(double value)
    {
        if (!double.IsFinite(value))
            throw new HitaException("A measured value is not finite, so no mean can be taken.");
        Combine(1, value, 0);
    }

    /// <inheritdoc/>
    public void Merge(RunningMean other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count > 0)
            Combine(other.Count, other.Mean, other._squares);
    }

    IEnumerable<StatePart> IAccumulator<RunningMean>.Capture() =>
        [StatePart.Of<long>("count", new long[] { Count }), StatePart.Of<double>("moments", new double[] { Mean, _squares })];

    static RunningMean IAccumulator<RunningMean>.Restore(StateSource source)
    {
        var moments = new double[2];
        source.Read("moments", moments.AsSpan());
        var count = source.ReadOne("count");
        source.Require(count >= 0 && double.IsFinite(moments[0]) && moments[1] >= 0, "moments");
        return new RunningMean { Count = count, Mean = moments[0], _squares = moments[1] };
    }

    private void Combine(long count, double mean, double squares)
    {
        var total = Count + count;
        var difference = mean - Mean;
        _squares += squares + (difference * difference * Count / total * count);
        Mean += difference * count / total;
        Count = total;
    }
}
