using Hita.Metrics;

namespace Hita.Evaluation.Classification;

/// <summary>Counts which class each class was taken for.</summary>
public sealed class ConfusionCounts : IAccumulator<ConfusionCounts>
{
    private readonly long[] _counts;

    /// <summary>Starts at 0.</summary>
    /// <param name="classCount">Classes, 1 or more.</param>
    public ConfusionCounts(int classCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        ClassCount = classCount;
        _counts = new long[classCount * classCount];
    }

    /// <summary>Classes.</summary>
    public int ClassCount { get; }

    /// <inheritdoc/>
    public long Count { get; private set; }

    /// <summary>The share that was taken for what it is, 0 to 1; 0 before the first.</summary>
    public double Agreement => Count == 0 ? 0 : (double)Enumerable.Range(0, ClassCount).Sum(c => this[c, c]) / Count;

    /// <summary>The mean over the classes that occur of the share taken for what it is, 0 to 1; 0 before the first.</summary>
    public double ClassMean
    {
        get
        {
            var shares = Enumerable.Range(0, ClassCount)
                .Select(c => (Right: this[c, c], All: CountOf(c)))
                .Where(static c => c.All > 0).Select(static c => (double)c.Right / c.All).ToList();
            return shares.Count == 0 ? 0 : shares.Average();
        }
    }

    /// <summary>How often a class was taken for another one or itself.</summary>
    /// <param name="actual">The class it is.</param>
    /// <param name="found">The class it was taken for.</param>
    public long this[int actual, int found] => _counts[(actual * ClassCount) + found];

    /// <summary>How often a class was counted, whatever it was taken for.</summary>
    internal long CountOf(int actual) => Enumerable.Range(0, ClassCount).Sum(found => this[actual, found]);

    /// <summary>Counts one.</summary>
    /// <param name="actual">The class it is.</param>
    /// <param name="found">The class it was taken for.</param>
    public void Add(int actual, int found)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)actual, (uint)ClassCount, nameof(actual));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)found, (uint)ClassCount, nameof(found));
        _counts[(actual * ClassCount) + found]++;
        Count++;
    }

    /// <summary>The class that another one was mostly taken for where it was not recognised; null where it always was.</summary>
    /// <param name="actual">The class.</param>
    public int? ConfusedWith(int actual)
    {
        var worst = Enumerable.Range(0, ClassCount).Where(c => c != actual).OrderByDescending(c => this[actual, c]).Cast<int?>().FirstOrDefault();
        return worst is { } other && this[actual, other] > 0 ? other : null;
    }

    /// <inheritdoc/>
    public void Merge(ConfusionCounts other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.ClassCount != ClassCount)
            throw new ArgumentException($"Counts of {other.ClassCount} classes cannot be merged with those of {ClassCount}.", nameof(other));
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        Count += other.Count;
    }

    IEnumerable<StatePart> IAccumulator<ConfusionCounts>.Capture() => [StatePart.Of<long>("counts", _counts, ClassCount, ClassCount)];

    static ConfusionCounts IAccumulator<ConfusionCounts>.Restore(StateSource source)
    {
        var shape = source.Shape<long>("counts");
        source.Require(shape is [>= 1 and <= 1 << 15, _] && shape[0] == shape[1], "counts");
        var restored = new ConfusionCounts((int)shape[0]);
        source.Read("counts", restored._counts.AsSpan());
        source.Require(restored._counts.All(static c => c >= 0), "counts");
        restored.Count = restored._counts.Sum();
        return restored;
    }
}
