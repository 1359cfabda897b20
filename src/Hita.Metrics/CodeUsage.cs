using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>Counts how often each entry of a codebook is used.</summary>
public sealed class CodeUsage : IAccumulator<CodeUsage>
{
    private readonly long[] _counts;

    /// <summary>Starts without codes.</summary>
    /// <param name="codebookSize">Entries of the codebook, 1 or more.</param>
    public CodeUsage(int codebookSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(codebookSize, 1);
        _counts = new long[codebookSize];
    }

    /// <summary>Entries of the codebook.</summary>
    public int CodebookSize => _counts.Length;

    /// <summary>How often each entry was used, by its number.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Codes so far.</summary>
    public long Count { get; private set; }

    /// <summary>Entries that were used at least once.</summary>
    public int UsedCount => _counts.Count(static c => c > 0);

    /// <summary>The share of the codebook that was used at least once, 0 to 1.</summary>
    public double Usage => (double)UsedCount / CodebookSize;

    /// <summary>The entropy of the use in bits, from 0 (one entry only) to the codebook's logarithm (all alike).</summary>
    public double EntropyBits
    {
        get
        {
            var sum = 0.0;
            foreach (var count in _counts)
            {
                var share = (double)count / Math.Max(1, Count);
                sum -= share > 0 ? share * Math.Log2(share) : 0;
            }
            return sum;
        }
    }

    /// <summary>
    /// The size of a codebook that, used evenly, would carry as much: 2 to the entropy, from 1 to the codebook's size; 1 before
    /// the first code.
    /// </summary>
    public double Perplexity => Math.Pow(2, EntropyBits);

    /// <summary>Adds codes.</summary>
    /// <param name="codes">Numbers of entries.</param>
    /// <exception cref="HitaException">A code is outside the codebook; nothing has been added.</exception>
    public void Add(ReadOnlySpan<int> codes)
    {
        foreach (var code in codes)
        {
            if ((uint)code >= (uint)_counts.Length)
                throw new HitaException($"The code {code} is outside the codebook of {CodebookSize} entries; the codes come from another tokenizer.");
        }
        foreach (var code in codes)
            _counts[code]++;
        Count += codes.Length;
    }

    /// <inheritdoc/>
    public void Merge(CodeUsage other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.CodebookSize != CodebookSize)
            throw new ArgumentException($"The use of a codebook of {other.CodebookSize} entries cannot be merged with that of {CodebookSize}.", nameof(other));
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        Count += other.Count;
    }

    IEnumerable<StatePart> IAccumulator<CodeUsage>.Capture() => [StatePart.Of<long>("counts", _counts)];

    static CodeUsage IAccumulator<CodeUsage>.Restore(StateSource source)
    {
        var counts = source.Read<long>("counts");
        source.Require(counts.Length > 0 && counts.All(static c => c is >= 0 and < long.MaxValue >> 32), "counts");
        var usage = new CodeUsage(counts.Length) { Count = counts.Sum() };
        counts.CopyTo(usage._counts.AsSpan());
        return usage;
    }
}
