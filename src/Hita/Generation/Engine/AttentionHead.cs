using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;
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

    /// <summary>Scores that are taken together, on any processor.</summary>
    private const int Lanes = 8;

    private readonly GeneratorConfig _config;
    private readonly KernelSet _kernels;
    private readonly RotaryTable _rotary;
    private readonly float _factor;
    private readonly float[] _query;
    private readonly float[] _key;
    private readonly float[] _sums;
    private readonly float[] _scores = new float[StretchLength];

    /// <param name="config">The architecture.</param>
    /// <param name="kind">How the cache is kept.</param>
    /// <param name="kernels">The kernels for it.</param>
    /// <param name="rotary">The turning of the patch positions.</param>
    public AttentionHead(GeneratorConfig config, PanelKind kind, KernelSet kernels, RotaryTable rotary)
    {
        (_config, _kernels, _rotary) = (config, kernels, rotary);
        _factor = kind == PanelKind.Small ? SmallFloat.Factor : 1;
        _query = new float[config.HeadWidth];
        _key = new float[config.HeadWidth];
        _sums = new float[Panel.Count(config.HeadWidth) * Panel.Width];
    }

    /// <summary>Appends the position's key and value and attends.</summary>
    /// <param name="cache">The batch's keys and values.</param>
    /// <param name="layer">The block.</param>
    /// <param name="row">The sequence's slot in the cache.</param>
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
        var scale = _factor / MathF.Sqrt(headWidth);
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
                Score(cache.Keys(layer, row, head, first / Panel.Width), cache.KeyBlockBytes, count, query, scores);

                // Whole vectors from here on: what lies beyond the last position must weigh nothing.
                var padded = (count + Lanes - 1) / Lanes * Lanes;
                _scores.AsSpan(count, padded - count).Fill(float.NegativeInfinity);
                var before = largest;
                largest = Math.Max(largest, Largest(scores, padded));
                var shrink = VectorMath.Exp(before - largest);
                VectorMath.ShiftedExp(_scores.AsSpan(0, padded), largest, 1, _scores.AsSpan(0, padded));
                total = (total * shrink) + Sum(scores, padded);
                if (_factor != 1)
                    Multiply(scores, padded, _factor);
                AddValues(cache, layer, row, head, first, count, shrink, scores);
            }
        }
        foreach (ref var sum in MemoryMarshal.Cast<float, Vector256<float>>(_sums.AsSpan()))
            sum /= total;
    }

    private void Score(byte* keys, long blockBytes, int count, float* query, float* scores)
    {
        // Two runs of blocks side by side: memory is then read in two streams instead of in jumps.
        var tile = stackalloc float[2 * Panel.Width];
        var blocks = Panel.Count(count);
        var half = blocks / 2;
        for (var block = 0; block < half; block++)
        {
            var a = keys + (block * blockBytes);
            _kernels.MultiplyPair(a, a + (half * blockBytes), _config.HeadWidth, 1, query, tile);
            new ReadOnlySpan<float>(tile, Panel.Width).CopyTo(new Span<float>(scores + (block * Panel.Width), Panel.Width));
            new ReadOnlySpan<float>(tile + Panel.Width, Panel.Width).CopyTo(new Span<float>(scores + ((half + block) * Panel.Width), Panel.Width));
        }
        if (blocks % 2 > 0)
            _kernels.Multiply(keys + ((blocks - 1) * blockBytes), _config.HeadWidth, 1, query, scores + ((blocks - 1) * Panel.Width));
    }

    private static float Largest(float* scores, int count)
    {
        var largest = Vector256.Load(scores);
        for (var i = Lanes; i < count; i += Lanes)
            largest = Vector256.Max(largest, Vector256.Load(scores + i));
        var result = largest[0];
        for (var lane = 1; lane < Lanes; lane++)
            result = Math.Max(result, largest[lane]);
        return result;
    }

    /// <summary>Adds up in eight interleaved sums, whatever the vector width.</summary>
    private static float Sum(float* weights, int count)
    {
        var sums = Vector256<float>.Zero;
        for (var i = 0; i < count; i += Lanes)
            sums += Vector256.Load(weights + i);
        return sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
    }

    private static void Multiply(float* weights, int count, float factor)
    {
        for (var i = 0; i < count; i += Lanes)
            (Vector256.Load(weights + i) * factor).Store(weights + i);
    }

    private void AddValues(
        KeyValueCache cache, int layer, int row, int head, int first, int count, float shrink, float* weights)
    {
        var tile = stackalloc float[2 * Panel.Width];
        var panels = Panel.Count(_config.HeadWidth);
        for (int panel = 0, taken; panel < panels; panel += taken)
        {
            taken = Math.Min(2, panels - panel);
            var a = cache.ValuesAt(cache.Values(layer, row, head, panel), first);
            if (taken == 2)
                _kernels.MultiplyPair(a, a + cache.ValuePanelBytes, count, 1, weights, tile);
            else
                _kernels.Multiply(a, count, 1, weights, tile);
            // Not fused, so that every processor rounds twice.
            var sums = MemoryMarshal.Cast<float, Vector256<float>>(_sums.AsSpan(panel * Panel.Width, taken * Panel.Width));
            for (var i = 0; i < sums.Length; i++)
                sums[i] = (sums[i] * shrink) + Vector256.Load(tile + (i * Lanes));
        }
    }
}
