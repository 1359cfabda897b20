using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>
/// Keeps feature vectors themselves, for measures that need all of them. 50,000 vectors of 2,048 features take 390 MiB.
/// </summary>
public sealed class FeatureBank : IAccumulator<FeatureBank>
{
    private const int BlockNumbers = 1 << 21;
    private readonly List<float[]> _blocks = [];
    private readonly int _blockRows;

    /// <summary>Starts empty.</summary>
    /// <param name="width">D, the number of features, 1 or more.</param>
    public FeatureBank(int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Width = width;
        _blockRows = Math.Max(1, BlockNumbers / width);
    }

    /// <summary>D, the number of features.</summary>
    public int Width { get; }

    /// <inheritdoc/>
    public long Count { get; private set; }

    /// <summary>Adds vectors.</summary>
    /// <param name="features">Vectors one after the other.</param>
    /// <exception cref="ArgumentException">The numbers are not whole vectors.</exception>
    /// <exception cref="HitaException">A value is not finite; nothing has been added.</exception>
    public void Add(ReadOnlySpan<float> features)
    {
        FeatureChecks.Check(features, Width, Count);
        while (features.Length > 0)
        {
            var used = (int)(Count % _blockRows);
            if (used == 0)
                _blocks.Add(new float[_blockRows * Width]);
            var part = Math.Min(features.Length, (_blockRows - used) * Width);
            features[..part].CopyTo(_blocks[^1].AsSpan(used * Width));
            Count += part / Width;
            features = features[part..];
        }
    }

    /// <summary>One vector, D numbers.</summary>
    /// <param name="index">Its number, in the order of adding.</param>
    public ReadOnlySpan<float> Row(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return _blocks[(int)(index / _blockRows)].AsSpan((int)(index % _blockRows) * Width, Width);
    }

    /// <summary>Copies vectors.</summary>
    /// <param name="first">The number of the first.</param>
    /// <param name="destination">Receives whole vectors, as many as fit; they must be there.</param>
    public void CopyTo(long first, Span<float> destination)
    {
        for (var at = 0; at < destination.Length; at += Width)
            Row(first++).CopyTo(destination[at..]);
    }

    /// <inheritdoc/>
    public void Merge(FeatureBank other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Width != Width)
            throw new ArgumentException($"Vectors of {other.Width} features cannot join those of {Width}.", nameof(other));
        var (count, left) = (other._blocks.Count, other.Count);
        for (var i = 0; i < count; i++)
        {
            var rows = (int)Math.Min(left, _blockRows);
            Add(other._blocks[i].AsSpan(0, rows * Width));
            left -= rows;
        }
    }

    IEnumerable<StatePart> IAccumulator<FeatureBank>.Capture() =>
        [new StatePart("vectors", Checkpoints.TensorType.Float32, [Count, Width], Bytes)];

    static FeatureBank IAccumulator<FeatureBank>.Restore(StateSource source)
    {
        var shape = source.Shape<float>("vectors");
        source.Require(shape is [>= 0, >= 1 and <= int.MaxValue], "vectors");
        var bank = new FeatureBank((int)shape[1]);
        var row = new float[bank.Width];
        for (var i = 0L; i < shape[0]; i++)
        {
            source.ReadPart<float>("vectors", i * bank.Width, row);
            bank.Add(row);
        }
        return bank;
    }

    private IEnumerable<ReadOnlyMemory<byte>> Bytes()
    {
        var left = Count;
        foreach (var block in _blocks)
        {
            var rows = (int)Math.Min(left, _blockRows);
            left -= rows;
            foreach (var piece in StatePart.Split<float>(block.AsMemory(0, rows * Width)))
                yield return piece;
        }
    }
}
