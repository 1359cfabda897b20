using Hita.Runtime;

namespace Hita.Data;

/// <summary>
/// The shuffled order of an epoch: which image comes at which place. It is computed for any place directly and holds no list,
/// so that training can start anywhere in it.
/// </summary>
/// <remarks>
/// A Feistel cipher over the next power of four, walked until the result lies within the count, is a permutation. Where the
/// source is read in parts, the parts are shuffled, and the images within every few parts of them.
/// </remarks>
internal sealed class EpochOrder
{
    private const ulong Purpose = 0x4F726465_00000000;

    private readonly ulong _seed;
    private readonly int _epoch;
    private readonly int _together;
    private readonly int[] _parts = [];
    private readonly int[] _partStarts = [];
    private readonly int[] _groupEnds;

    /// <param name="count">Images, at least 1.</param>
    /// <param name="partStarts">The first image of each part; empty where there are none.</param>
    /// <param name="partsTogether">How many parts are mixed with each other, at least 1.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">Which epoch.</param>
    public EpochOrder(int count, IReadOnlyList<int> partStarts, int partsTogether, ulong seed, int epoch)
    {
        (_seed, _epoch, _together) = (seed, epoch, partsTogether);
        if (partStarts.Count <= partsTogether)
        {
            _groupEnds = [count];
            return;
        }
        _partStarts = [.. partStarts, count];
        _parts = new int[partStarts.Count];
        for (var i = 0; i < _parts.Length; i++)
            _parts[i] = Shuffled(i, _parts.Length, 1);
        _groupEnds = new int[(_parts.Length + partsTogether - 1) / partsTogether];
        var end = 0;
        for (var i = 0; i < _parts.Length; i++)
            _groupEnds[i / partsTogether] = end += Length(_parts[i]);
    }

    /// <summary>The image at a place.</summary>
    /// <param name="place">0 to count − 1.</param>
    public int At(int place)
    {
        var group = Array.BinarySearch(_groupEnds, place + 1);
        group = group < 0 ? ~group : group;
        // Empty parts make groups of no image, which end where the one before them does.
        while (group > 0 && _groupEnds[group - 1] > place)
            group--;
        var start = group == 0 ? 0 : _groupEnds[group - 1];
        var within = Shuffled(place - start, _groupEnds[group] - start, 2 + (ulong)group);
        if (_parts.Length == 0)
            return within;
        for (var i = group * _together; ; i++)
        {
            var length = Length(_parts[i]);
            if (within < length)
                return _partStarts[_parts[i]] + within;
            within -= length;
        }
    }

    private int Length(int part) => _partStarts[part + 1] - _partStarts[part];

    private int Shuffled(int place, int count, ulong layer)
    {
        if (count <= 1)
            return place;
        var half = (int.Log2(count - 1) / 2) + 1;
        var mask = (1u << half) - 1;
        var keys = new CounterRandom(_seed, layer, Purpose + (ulong)_epoch);
        Span<ulong> round = stackalloc ulong[6];
        foreach (ref var key in round)
            key = keys.NextBits();
        var x = (ulong)place;
        do
        {
            var (left, right) = ((uint)(x >> half), (uint)x & mask);
            foreach (var key in round)
                (left, right) = (right, left ^ ((uint)CounterRandom.Mix(right + key) & mask));
            x = ((ulong)left << half) | right;
        }
        while (x >= (ulong)count);
        return (int)x;
    }
}
