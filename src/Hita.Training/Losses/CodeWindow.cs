using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hita.Training.Losses;

/// <summary>The latest codes of a codebook, for its usage and perplexity.</summary>
internal sealed class CodeWindow : IDisposable
{
    private const int Empty = -1;
    private readonly int _entries;
    private readonly Tensor _codes;

    /// <summary>Starts empty.</summary>
    /// <param name="entries">Entries of the codebook.</param>
    /// <param name="length">Codes that are kept.</param>
    public CodeWindow(int entries, int length)
    {
        _entries = entries;
        _codes = empty([length], dtype: ScalarType.Int32).DetachFromDisposeScope();
        Values.Fill(Empty);
    }

    /// <summary>The codes, int32, oldest first; −1 where there are none yet. Counts are taken from it, so that it can be read back in place.</summary>
    public Tensor State => _codes;

    private Span<int> Values => MemoryMarshal.Cast<byte, int>(_codes.bytes);

    /// <summary>Whether as many codes have been seen as the window holds.</summary>
    public bool IsFull => Values[0] != Empty;

    /// <summary>Adds codes; the oldest make room.</summary>
    public void Add(ReadOnlySpan<int> codes)
    {
        var values = Values;
        var latest = codes[Math.Max(0, codes.Length - values.Length)..];
        values[latest.Length..].CopyTo(values);
        latest.CopyTo(values[(values.Length - latest.Length)..]);
    }

    /// <summary>
    /// The share of the codebook's entries in the window, and its perplexity: 2 to the entropy, from 1 to the number of entries.
    /// </summary>
    public (double Usage, double Perplexity) Measure()
    {
        var counts = Count();
        var total = (double)counts.Sum(static c => (long)c);
        var entropy = 0.0;
        var used = 0;
        foreach (var count in counts)
        {
            if (count == 0)
                continue;
            used++;
            entropy -= count / total * Math.Log2(count / total);
        }
        return ((double)used / _entries, total == 0 ? 0 : Math.Pow(2, entropy));
    }

    /// <summary>Entries that are not in the window.</summary>
    public int[] Unused()
    {
        var counts = Count();
        return [.. Enumerable.Range(0, _entries).Where(i => counts[i] == 0)];
    }

    public void Dispose() => _codes.Dispose();

    private int[] Count()
    {
        var counts = new int[_entries];
        foreach (var code in Values)
        {
            // A window from a file may hold anything; the codes of another model do not count.
            if ((uint)code < (uint)_entries)
                counts[code]++;
        }
        return counts;
    }
}
