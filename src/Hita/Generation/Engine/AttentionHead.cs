using System.Runtime.Intrinsics;
using Hita.Generation.Engine.Kernels;
using Hita.Runtime;

namespace Hita.Generation.Engine;

/// <summary>
/// Attention of one sequence's newest position in one head, over the positions that exist. A softmax that runs along with the
/// keys and values needs room for a stretch of positions only. One thread uses it at a time.
/// </summary>
internal sealed unsafe class AttentionHead
{
    /// <summary>Positions whose scores are held at once.</summary>
    private const int StretchLength = 8 * Panel.Width;

    private readonly GeneratorConfig _config;
    private readonly KernelSet _kernels;
    private readonly RotaryTable _rotary;
    private readonly float[] _query;
    private readonly float[] _key;
    private readonly float[] _sums;
    private readonly float[] _scores = new float[StretchLength];

    /// <param name="config">The architecture.</param>
    /// <param name="kernels">The kernels for the cache's precision.</param>
    /// <param name="rotary">The turning of the patch positions.</param>
    public AttentionHead(GeneratorConfig config, KernelSet kernels, RotaryTable rotary)
    {
        (_config, _kernels, _rotary) = (config, kernels, rotary);
        _query = new float[config.HeadWidth];
        _key = new float[config.HeadWidth];
        _sums = new float[Panel.Count(config.HeadWidth) * Panel.Width];
    }

    /// <summary>Appends the position's key and value and attends.</summary>
    /// <param name="cache">The batch's keys and values.</param>
    /// <param name="layer">The block.</param>
    /// <param name="row">The sequence.</param>
    /// <param name="head">The head.</param>
    /// <param name="position">The newest position.</param>
    /// <param name="slotPositions">[M, width], added to queries and keys of the first M positions.</param>
    /// <param name="queryKeyValue">[3, width] of this sequence.</param>
    /// <returns>The head's output, valid until the next call.</returns>
    public ReadOnlySpan<float> Attend(
        KeyValueCache cache, int layer, int row, int head, int position, float* slotPositions, float* queryKeyValue)
    {
        var (width, headWidth) = (_config.Width, _config.HeadWidth);
        var start = queryKeyValue + (head * headWidth);
        new ReadOnlySpan<float>(start, headWidth).CopyTo(_query);
        new ReadOnlySpan<float>(start + width, headWidth).CopyTo(_key);
        if (position < _config.HolisticTokenCount)
        {
            var added = slotPositions + ((long)position * width) + (head * headWidth);
            for (var i = 0; i < headWidth; i++)
            {
                _query[i] += added[i];
                _key[i] += added[i];
            }
        }
        else
        {
            _rotary.Apply(position - _config.HolisticTokenCount, _query);
            _rotary.Apply(position - _config.HolisticTokenCount, _key);
        }
        var scale = 1 / MathF.Sqrt(headWidth);
        foreach (ref var value in _query.AsSpan())
            value *= scale;

        cache.Append(layer, row, head, position, _key, new ReadOnlySpan<float>(start + (2 * width), headWidth));
        Attend(cache, layer, row, head, position + 1);
        return _sums.AsSpan(0, headWidth);
    }

    private void Attend(KeyValueCache cache, int layer, int row, int head, int positions)
    {
        var largest = float.NegativeInfinity;
        var total = 0f;
        Array.Clear(_sums);
        fixed (float* query = _query, scores = _scores)
        {
            for (var first = 0; first < positions; first += StretchLength)
            {
                var count = Math.Min(StretchLength, positions - first);
                for (var done = 0; done < count; done += Panel.Width)
                {
                    var keys = cache.Keys(layer, row, head, (first + done) / Panel.Width);
                    _kernels.Multiply(keys, _config.HeadWidth, 1, query, scores + done);
                }

                var before = largest;
                foreach (var score in _scores.AsSpan(0, count))
                    largest = Math.Max(largest, score);
                var shrink = VectorMath.Exp(before - largest);
                total = (total * shrink) + Weigh(count, largest);
                AddValues(cache, layer, row, head, first, count, shrink, scores);
            }
        }
        foreach (ref var sum in _sums.AsSpan())
            sum /= total;
    }

    /// <summary>Turns scores into weights and adds them up in eight interleaved sums, whatever the vector width.</summary>
    private float Weigh(int count, float largest)
    {
        var padded = (count + 7) & ~7;
        _scores.AsSpan(count, padded - count).Fill(float.NegativeInfinity);
        VectorMath.ShiftedExp(_scores.AsSpan(0, padded), largest, 1, _scores.AsSpan(0, padded));
        var sums = Vector256<float>.Zero;
        for (var i = 0; i < padded; i += 8)
            sums += Vector256.Create(_scores.AsSpan(i, 8));
        return sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
    }

    private void AddValues(
        KeyValueCache cache, int layer, int row, int head, int first, int count, float shrink, float* weights)
    {
        var tile = stackalloc float[Panel.Width];
        for (var panel = 0; panel * Panel.Width < _config.HeadWidth; panel++)
        {
            var values = cache.ValuesAt(cache.Values(layer, row, head, panel), first);
            _kernels.Multiply(values, count, 1, weights, tile);
            var sums = _sums.AsSpan(panel * Panel.Width, Panel.Width);
            for (var i = 0; i < sums.Length; i++)
                sums[i] = (sums[i] * shrink) + tile[i];
        }
    }
}
