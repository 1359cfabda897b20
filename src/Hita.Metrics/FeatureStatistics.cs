using System.Numerics;
using System.Runtime.InteropServices;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Metrics;

/// <summary>
/// Accumulates the mean and the unbiased covariance of feature vectors in float64 as they come; no vector is kept. For the
/// 2,048 features of the published measure it takes 40 MiB, however many vectors there are.
/// </summary>
/// <remarks>
/// Vectors are gathered in blocks and each block is centred on its own mean before it is folded in, so that large means cost no
/// digits. Not safe for use from several threads: give each its own and merge them.
/// </remarks>
public sealed class FeatureStatistics : IAccumulator<FeatureStatistics>
{
    private const int BlockRows = 512;

    private readonly float[] _waiting;
    private readonly double[] _mean;

    // Sum over all folded vectors of the outer product of what they differ from the mean by, row by row.
    private readonly double[] _scatter;
    private int _waitingCount;
    private long _folded;

    /// <summary>Starts without vectors.</summary>
    /// <param name="width">D, the number of features, 1 to 16,000.</param>
    public FeatureStatistics(int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, 16_000);
        Width = width;
        _mean = new double[width];
        _scatter = new double[width * width];
        _waiting = new float[BlockRows * width];
    }

    /// <summary>D, the number of features.</summary>
    public int Width { get; }

    /// <inheritdoc/>
    public long Count => _folded + _waitingCount;

    /// <summary>Adds vectors.</summary>
    /// <param name="features">Vectors one after the other, a multiple of <see cref="Width"/> numbers.</param>
    /// <exception cref="ArgumentException">The numbers are not whole vectors.</exception>
    /// <exception cref="HitaException">A value is not finite; nothing has been added.</exception>
    public void Add(ReadOnlySpan<float> features)
    {
        FeatureChecks.Check(features, Width, Count);
        while (features.Length > 0)
        {
            var part = Math.Min(features.Length, (BlockRows - _waitingCount) * Width);
            features[..part].CopyTo(_waiting.AsSpan(_waitingCount * Width));
            _waitingCount += part / Width;
            features = features[part..];
            if (_waitingCount == BlockRows)
                Fold();
        }
    }

    /// <inheritdoc/>
    public void Merge(FeatureStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Width != Width)
            throw new ArgumentException($"Statistics of {other.Width} features cannot be merged with those of {Width}.", nameof(other));
        if (other._folded > 0)
            Combine(other._folded, other._mean, other._scatter);
        Add(other._waiting.AsSpan(0, other._waitingCount * Width));
    }

    /// <summary>The mean and the unbiased covariance (divided by one less than the count) of the vectors so far.</summary>
    /// <exception cref="HitaException">There are fewer than two vectors.</exception>
    public FeatureDistribution ToDistribution()
    {
        if (Count < 2)
            throw new HitaException($"A covariance needs two samples or more, and here {(Count == 1 ? "is one" : "are none")}.");
        Fold();
        var covariance = new double[_scatter.Length];
        for (var i = 0; i < covariance.Length; i++)
            covariance[i] = _scatter[i] / (_folded - 1);
        return new FeatureDistribution([.. _mean], covariance);
    }

    IEnumerable<StatePart> IAccumulator<FeatureStatistics>.Capture() =>
    [
        StatePart.Of<long>("count", new long[] { _folded }),
        StatePart.Of<double>("mean", _mean),
        StatePart.Of<double>("scatter", _scatter, Width, Width),
        // Folding early would round in other places, so what waits is kept: a resumed run gives the bits of a straight one.
        StatePart.Of<float>("waiting", _waiting.AsMemory(0, _waitingCount * Width), _waitingCount, Width),
    ];

    static FeatureStatistics IAccumulator<FeatureStatistics>.Restore(StateSource source)
    {
        var mean = source.Read<double>("mean");
        source.Require(mean.Length is >= 1 and <= 16_000, "mean");
        var statistics = new FeatureStatistics(mean.Length) { _folded = source.ReadOne("count") };
        mean.CopyTo(statistics._mean.AsSpan());
        source.Read<double>("scatter", statistics._scatter);
        var waiting = source.Read<float>("waiting");
        source.Require(statistics._folded >= 0 && waiting.Length % mean.Length == 0 && waiting.Length < statistics._waiting.Length, "waiting");
        statistics._waitingCount = waiting.Length / mean.Length;
        waiting.CopyTo(statistics._waiting.AsSpan());
        return statistics;
    }

    private void Fold()
    {
        if (_waitingCount == 0)
            return;
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var block = TensorOps.FromFloats(_waiting.AsSpan(0, _waitingCount * Width), _waitingCount, Width).to(ScalarType.Float64); // [B, D]
        var mean = block.mean([0]); // [D]
        var centred = block.Minus(mean);
        var scatter = centred.t().mm(centred); // [D, D]
        Combine(_waitingCount, MemoryMarshal.Cast<byte, double>(mean.bytes), MemoryMarshal.Cast<byte, double>(scatter.bytes));
        GC.KeepAlive(mean);
        GC.KeepAlive(scatter);
        _waitingCount = 0;
    }

    /// <summary>Joins two sets' sums: the scatter of the union is both plus that of the two means.</summary>
    private void Combine(long count, ReadOnlySpan<double> mean, ReadOnlySpan<double> scatter)
    {
        var total = _folded + count;
        var between = (double)_folded / total * count;
        var difference = new double[Width];
        for (var i = 0; i < Width; i++)
            difference[i] = mean[i] - _mean[i];
        for (var row = 0; row < Width; row++)
        {
            var target = _scatter.AsSpan(row * Width, Width);
            var added = scatter.Slice(row * Width, Width);
            var factor = between * difference[row];
            var wide = MemoryMarshal.Cast<double, Vector<double>>(target);
            var more = MemoryMarshal.Cast<double, Vector<double>>(added);
            var by = MemoryMarshal.Cast<double, Vector<double>>(difference);
            for (var i = 0; i < wide.Length; i++)
                wide[i] += more[i] + (by[i] * factor);
            for (var i = wide.Length * Vector<double>.Count; i < Width; i++)
                target[i] += added[i] + (difference[i] * factor);
        }
        for (var i = 0; i < Width; i++)
            _mean[i] += difference[i] * count / total;
        _folded = total;
    }
}
