using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>An Inception score: how sure a classifier is of each sample and how many classes all of them have.</summary>
/// <param name="Mean">The mean over the splits, from 1 to the number of classes; the more, the better.</param>
/// <param name="StandardDeviation">How far the splits lie from their mean; 0 for one split.</param>
/// <param name="Splits">The score of each split, in order.</param>
public sealed record InceptionScoreResult(double Mean, double StandardDeviation, IReadOnlyList<double> Splits);

/// <summary>
/// Computes the Inception score: exp of the mean divergence of each sample's class probabilities from their mean, over splits
/// of the samples in the order given. Sorted by class, the same samples give another number than shuffled; shuffling is the
/// caller's decision, see <see cref="SampleOrder"/>.
/// </summary>
public static class InceptionScore
{
    /// <summary>Samples a split in the published tables.</summary>
    public const int PublishedSplitSize = 5000;

    /// <summary>Computes the score of samples whose logits are all at hand.</summary>
    /// <param name="logits">The unbiased logits, sample after sample.</param>
    /// <param name="classCount">Logits a sample.</param>
    /// <param name="splitSize">Samples a split; the last split has what is left.</param>
    /// <exception cref="ArgumentException">The numbers are not whole samples.</exception>
    /// <exception cref="HitaException">There are no samples, or a value is not finite.</exception>
    public static InceptionScoreResult Of(ReadOnlySpan<float> logits, int classCount, int splitSize = PublishedSplitSize)
    {
        var statistics = new InceptionScoreStatistics(classCount, splitSize);
        statistics.Add(logits);
        return statistics.ToScore();
    }
}

/// <summary>
/// Accumulates what the Inception score needs; of each split, the sum of the probabilities and of their entropies. The samples
/// may come in any order where their places are given, so that parts can be made apart and merged.
/// </summary>
public sealed class InceptionScoreStatistics : IAccumulator<InceptionScoreStatistics>
{
    private readonly SortedDictionary<long, Split> _splits = [];
    private readonly double[] _probabilities;

    /// <summary>Starts without samples.</summary>
    /// <param name="classCount">Logits a sample, 2 or more.</param>
    /// <param name="splitSize">Samples a split, 1 or more.</param>
    /// <param name="firstIndex">The place of the first sample that comes without one; not 0 where this is a later part of a set.</param>
    public InceptionScoreStatistics(int classCount, int splitSize = InceptionScore.PublishedSplitSize, long firstIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(splitSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(firstIndex);
        (ClassCount, SplitSize, NextIndex) = (classCount, splitSize, firstIndex);
        _probabilities = new double[classCount];
    }

    /// <summary>Logits a sample.</summary>
    public int ClassCount { get; }

    /// <summary>Samples a split.</summary>
    public int SplitSize { get; }

    /// <summary>The place of the next sample that comes without one.</summary>
    public long NextIndex { get; private set; }

    /// <inheritdoc/>
    public long Count { get; private set; }

    /// <summary>Adds samples at the next places.</summary>
    /// <param name="logits">The unbiased logits, sample after sample.</param>
    /// <exception cref="ArgumentException">The numbers are not whole samples.</exception>
    /// <exception cref="HitaException">A value is not finite, or a split gets more samples than it holds.</exception>
    public void Add(ReadOnlySpan<float> logits)
    {
        FeatureChecks.Check(logits, ClassCount, Count);
        for (var at = 0; at < logits.Length; at += ClassCount)
            AddOne(logits.Slice(at, ClassCount), NextIndex++);
    }

    /// <summary>Adds samples at given places of the order that the score is to have.</summary>
    /// <param name="logits">The unbiased logits, sample after sample.</param>
    /// <param name="places">The place of each sample, 0 or more; each place may be given once.</param>
    /// <exception cref="ArgumentException">There are more or fewer places than samples.</exception>
    /// <exception cref="HitaException">A value is not finite, or a split gets more samples than it holds.</exception>
    public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<int> places)
    {
        FeatureChecks.Check(logits, ClassCount, Count);
        if (places.Length != logits.Length / ClassCount)
            throw new ArgumentException($"{places.Length} places were given for {logits.Length / ClassCount} samples.", nameof(places));
        for (var i = 0; i < places.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(places[i], nameof(places));
            AddOne(logits.Slice(i * ClassCount, ClassCount), places[i]);
            NextIndex = Math.Max(NextIndex, places[i] + 1L);
        }
    }

    /// <inheritdoc/>
    public void Merge(InceptionScoreStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.ClassCount != ClassCount || other.SplitSize != SplitSize)
            throw new ArgumentException("Inception scores of other classes or other splits cannot be merged.", nameof(other));
        foreach (var (number, split) in other._splits)
        {
            var own = SplitAt(number, split.Count);
            own.Count += split.Count;
            own.Information += split.Information;
            for (var i = 0; i < ClassCount; i++)
                own.Sums[i] += split.Sums[i];
        }
        Count += other.Count;
        NextIndex = Math.Max(NextIndex, other.NextIndex);
    }

    /// <summary>The score of the samples so far.</summary>
    /// <exception cref="HitaException">There are none.</exception>
    public InceptionScoreResult ToScore()
    {
        if (Count == 0)
            throw new HitaException("An Inception score needs samples, and here are none.");
        var scores = _splits.Values.Select(static s => s.Score()).ToArray();
        var mean = scores.Average();
        return new InceptionScoreResult(mean, Math.Sqrt(scores.Average(s => Math.Pow(s - mean, 2))), scores);
    }

    IEnumerable<StatePart> IAccumulator<InceptionScoreStatistics>.Capture() =>
    [
        StatePart.Of<long>("sizes", new long[] { ClassCount, SplitSize, NextIndex, Count }),
        StatePart.Of<long>("numbers", _splits.Keys.ToArray()),
        StatePart.Of<long>("counts", _splits.Values.Select(static s => (long)s.Count).ToArray()),
        StatePart.Of<double>("information", _splits.Values.Select(static s => s.Information).ToArray()),
        StatePart.Of<double>("sums", _splits.Values.SelectMany(static s => s.Sums).ToArray(), _splits.Count, ClassCount),
    ];

    static InceptionScoreStatistics IAccumulator<InceptionScoreStatistics>.Restore(StateSource source)
    {
        var sizes = new long[4];
        source.Read("sizes", sizes.AsSpan());
        source.Require(sizes[0] is >= 2 and <= int.MaxValue && sizes[1] is >= 1 and <= int.MaxValue && sizes[2] >= 0, "sizes");
        var (numbers, counts, information, sums) = (source.Read<long>("numbers"), source.Read<long>("counts"), source.Read<double>("information"), source.Read<double>("sums"));
        source.Require(counts.Length == numbers.Length && information.Length == numbers.Length && sums.LongLength == numbers.Length * sizes[0], "sums");
        source.Require(counts.All(c => c >= 1 && c <= sizes[1]) && counts.Sum() == sizes[3], "counts");
        var statistics = new InceptionScoreStatistics((int)sizes[0], (int)sizes[1], sizes[2]) { Count = sizes[3] };
        for (var i = 0; i < numbers.Length; i++)
        {
            var split = new Split(sums.AsSpan(i * statistics.ClassCount, statistics.ClassCount).ToArray()) { Count = (int)counts[i], Information = information[i] };
            source.Require(statistics._splits.TryAdd(numbers[i], split), "numbers");
        }
        return statistics;
    }

    private void AddOne(ReadOnlySpan<float> logits, long place)
    {
        var split = SplitAt(place / SplitSize, 1);
        double largest = float.NegativeInfinity;
        foreach (var value in logits)
            largest = Math.Max(largest, value);
        var sum = 0.0;
        for (var i = 0; i < logits.Length; i++)
            sum += _probabilities[i] = Math.Exp(logits[i] - largest);
        var shift = largest + Math.Log(sum);
        for (var i = 0; i < logits.Length; i++)
        {
            var probability = _probabilities[i] / sum;
            split.Sums[i] += probability;
            // log p from the logit itself: no logarithm of a probability that has become 0.
            split.Information += probability * (logits[i] - shift);
        }
        split.Count++;
        Count++;
    }

    private Split SplitAt(long number, int added)
    {
        if (!_splits.TryGetValue(number, out var split))
            _splits.Add(number, split = new Split(new double[ClassCount]));
        if (split.Count + added > SplitSize)
            throw new HitaException($"Split {number} of the Inception score gets more than its {SplitSize} samples; a part of the samples was given twice.");
        return split;
    }

    private sealed class Split(double[] sums)
    {
        public int Count { get; set; }

        /// <summary>Sum over samples and classes of p log p.</summary>
        public double Information { get; set; }

        public double[] Sums { get; } = sums;

        public double Score()
        {
            var ofMean = 0.0;
            foreach (var sum in Sums)
            {
                var mean = sum / Count;
                ofMean += mean > 0 ? mean * Math.Log(mean) : 0;
            }
            return Math.Exp((Information / Count) - ofMean);
        }
    }
}
