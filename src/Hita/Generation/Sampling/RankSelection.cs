namespace Hita.Generation.Sampling;

/// <summary>
/// Finds where a descending order of logits would pass a count or a weight, without sorting: the bits of a logit are a
/// position, and four rounds of counting by eight bits narrow the candidates down to equal ones.
/// </summary>
internal sealed class RankSelection
{
    private const int DigitBits = 8;
    private const int DigitCount = 1 << DigitBits;

    // A candidate carries its logit as an ordered integer, its index and its weight.
    private readonly uint[] _keys;
    private readonly int[] _indices;
    private readonly double[] _weights;
    private readonly double[] _digitWeights = new double[DigitCount];

    public RankSelection(int capacity)
    {
        _keys = new uint[capacity];
        _indices = new int[capacity];
        _weights = new double[capacity];
    }

    /// <summary>The k-th largest logit.</summary>
    /// <param name="logits">No NaN among them.</param>
    /// <param name="k">1 to their count.</param>
    public float Largest(ReadOnlySpan<float> logits, int k)
    {
        for (var i = 0; i < logits.Length; i++)
            (_keys[i], _indices[i], _weights[i]) = (Key(logits[i]), i, 1);
        // Whole numbers add exactly: the k-th is the first whose running count passes k − 1/2.
        var index = Find(logits.Length, k - 0.5);
        return logits[index];
    }

    /// <summary>The last token that is kept when weights are added from the largest logit downwards until they pass a limit.</summary>
    /// <param name="logits">No NaN among them.</param>
    /// <param name="weights">A weight a logit; those without weight are passed over.</param>
    /// <param name="limit">What the running sum has to exceed.</param>
    /// <returns>The token's logit and index; of equal logits, those up to this index are kept.</returns>
    public (float Logit, int Index) Crossing(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, double limit)
    {
        var count = 0;
        for (var i = 0; i < logits.Length; i++)
        {
            if (weights[i] > 0)
            {
                (_keys[count], _indices[count], _weights[count]) = (Key(logits[i]), i, weights[i]);
                count++;
            }
        }
        var index = Find(count, limit);
        return (logits[index], index);
    }

    /// <summary>Runs through the candidates by falling key, then rising index, to the first at which the sum exceeds the limit.</summary>
    private int Find(int count, double limit)
    {
        var passed = 0.0;
        for (var shift = 32 - DigitBits; ; shift -= DigitBits)
        {
            var digit = ChooseDigit(count, shift, limit, ref passed);
            var kept = 0;
            for (var i = 0; i < count; i++)
            {
                if (Digit(_keys[i], shift) == digit)
                {
                    (_keys[kept], _indices[kept], _weights[kept]) = (_keys[i], _indices[i], _weights[i]);
                    kept++;
                }
            }
            count = kept;
            if (shift == 0)
                break;
        }

        // Only equal keys remain, in the order of their indices.
        var last = 0;
        while (last < count - 1 && passed + _weights[last] <= limit)
            passed += _weights[last++];
        return _indices[last];
    }

    /// <summary>The digit in which the running sum passes the limit; the lowest that occurs where rounding keeps it below.</summary>
    private uint ChooseDigit(int count, int shift, double limit, ref double passed)
    {
        Array.Clear(_digitWeights);
        for (var i = 0; i < count; i++)
            _digitWeights[Digit(_keys[i], shift)] += _weights[i];

        var chosen = 0;
        var before = passed;
        for (var digit = DigitCount - 1; digit >= 0 && passed <= limit; digit--)
        {
            if (_digitWeights[digit] > 0)
            {
                (chosen, before) = (digit, passed);
                passed += _digitWeights[digit];
            }
        }
        passed = before;
        return (uint)chosen;
    }

    private static uint Digit(uint key, int shift) => (key >> shift) & (DigitCount - 1);

    /// <summary>An unsigned integer that orders as the number does; both zeros are the same.</summary>
    private static uint Key(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
    }
}
