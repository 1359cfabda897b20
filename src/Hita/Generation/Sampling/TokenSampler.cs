using System.Numerics;
using System.Runtime.InteropServices;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Generation.Sampling;

/// <summary>Samples tokens from logits in float32. It owns scratch memory only: one thread uses it at a time, nothing is allocated
/// a token, and the result depends on the arguments alone, not on the processor's vector width.</summary>
public sealed class TokenSampler
{
    private const int BlockLength = 64;

    private readonly float[] _weights;
    private readonly float[] _guided;
    private readonly double[] _blockSums;
    private readonly RankSelection _selection;

    /// <summary>Reserves the scratch memory.</summary>
    /// <param name="codebookSize">Entries V of the codebook: the logits of a token.</param>
    public TokenSampler(int codebookSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(codebookSize);
        _weights = new float[codebookSize];
        _guided = new float[codebookSize];
        _blockSums = new double[(codebookSize + BlockLength - 1) / BlockLength];
        _selection = new RankSelection(codebookSize);
    }

    /// <summary>Moves conditional logits away from unconditional ones: <c>uncond + scale · (cond − uncond)</c>.</summary>
    /// <param name="cond">Logits for the class.</param>
    /// <param name="uncond">Logits for "no class", as many.</param>
    /// <param name="scale">The guidance scale.</param>
    /// <param name="result">Receives the guided logits; may be either of the others.</param>
    public static void Guide(ReadOnlySpan<float> cond, ReadOnlySpan<float> uncond, float scale, Span<float> result)
    {
        if (cond.Length != uncond.Length || cond.Length != result.Length)
            throw new ArgumentException($"{cond.Length} guided and {uncond.Length} unguided logits do not give {result.Length}.");
        var c = MemoryMarshal.Cast<float, Vector<float>>(cond);
        var u = MemoryMarshal.Cast<float, Vector<float>>(uncond);
        var r = MemoryMarshal.Cast<float, Vector<float>>(result);
        for (var i = 0; i < c.Length; i++)
            r[i] = u[i] + (scale * (c[i] - u[i]));
        for (var i = c.Length * Vector<float>.Count; i < cond.Length; i++)
            result[i] = uncond[i] + (scale * (cond[i] - uncond[i]));
    }

    /// <summary>Samples one token of an image, guided where the settings say so.</summary>
    /// <param name="cond">V logits for the class.</param>
    /// <param name="uncond">V logits for "no class"; empty where this token is not guided.</param>
    /// <param name="sampling">The image's settings.</param>
    /// <param name="config">The generator.</param>
    /// <param name="token">The token, 0 for the first one of the image.</param>
    /// <param name="uniform">As of <see cref="Sample(ReadOnlySpan{float}, TokenSampling, double)"/>.</param>
    internal int Sample(
        ReadOnlySpan<float> cond, ReadOnlySpan<float> uncond, SamplingOptions sampling, GeneratorConfig config, int token, double uniform)
    {
        var scale = sampling.Guidance.ScaleAt(token, config.SequenceLength);
        var row = cond;
        if (scale > 1)
        {
            Guide(cond, uncond, scale, _guided);
            row = _guided;
        }
        return Sample(row, sampling.For(token, config.HolisticTokenCount), uniform);
    }

    /// <summary>Samples one token.</summary>
    /// <param name="logits">V logits, guidance already applied; −∞ excludes a token.</param>
    /// <param name="settings">Temperature and filters.</param>
    /// <param name="uniform">The number in [0, 1) that decides, from <see cref="Philox4x32.Uniform"/>.</param>
    /// <returns>The token, 0 to V − 1.</returns>
    /// <exception cref="HitaException">A logit is not a number or is +∞, or every token is excluded.</exception>
    public int Sample(ReadOnlySpan<float> logits, TokenSampling settings, double uniform)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (logits.Length != _weights.Length)
            throw new ArgumentException($"{logits.Length} logits were given to a sampler of {_weights.Length}.", nameof(logits));
        if (uniform is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(uniform), uniform, "The deciding number must be in [0, 1).");

        var best = Best(logits);
        if (settings.IsGreedy || settings.TopP == 0)
            return logits.IndexOf(best);

        VectorMath.ShiftedExp(logits, best, Math.Max(settings.Temperature, TokenSampling.SmallestTemperature), _weights);
        Filter(logits, settings);
        return Sample(uniform);
    }

    /// <summary>The natural logarithm of a token's probability, without temperature and filters.</summary>
    /// <param name="logits">V logits.</param>
    /// <param name="token">0 to V − 1.</param>
    /// <returns>At most 0; −∞ for an excluded token.</returns>
    /// <exception cref="HitaException">A logit is not a number or is +∞, or every token is excluded.</exception>
    public double LogLikelihood(ReadOnlySpan<float> logits, int token)
    {
        if (logits.Length != _weights.Length)
            throw new ArgumentException($"{logits.Length} logits were given to a sampler of {_weights.Length}.", nameof(logits));
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, logits.Length);
        var best = Best(logits);
        VectorMath.ShiftedExp(logits, best, 1, _weights);
        return Math.Min((double)logits[token] - best - Math.Log(Sum()), 0);
    }

    /// <summary>The largest logit, after making sure that a distribution can be made of them.</summary>
    private static float Best(ReadOnlySpan<float> logits)
    {
        var best = new Vector<float>(float.NegativeInfinity);
        var numbers = new Vector<int>(-1);
        var whole = MemoryMarshal.Cast<float, Vector<float>>(logits);
        foreach (var v in whole)
        {
            best = Vector.Max(best, v);
            numbers &= Vector.Equals(v, v);
        }
        var result = float.NegativeInfinity;
        var valid = Vector.EqualsAll(numbers, new Vector<int>(-1));
        for (var i = 0; i < Vector<float>.Count; i++)
            result = Math.Max(result, best[i]);
        foreach (var v in logits[(whole.Length * Vector<float>.Count)..])
        {
            result = Math.Max(result, v);
            valid &= !float.IsNaN(v);
        }

        if (!valid)
            throw new HitaException("The model gave a logit that is not a number: its weights are damaged, or a value overflowed.");
        if (float.IsPositiveInfinity(result))
            throw new HitaException("The model gave an infinite logit: its weights are damaged, or a value overflowed.");
        if (float.IsNegativeInfinity(result))
            throw new HitaException("Every token is excluded, so that none can be sampled; loosen the filters.");
        return result;
    }

    /// <summary>Sets the weights of dropped tokens to zero. The weights are relative to the best token's, which is 1.</summary>
    private void Filter(ReadOnlySpan<float> logits, TokenSampling settings)
    {
        if (settings.TopK > 0 && settings.TopK < logits.Length)
        {
            var min = _selection.Largest(logits, settings.TopK);
            for (var i = 0; i < logits.Length; i++)
                _weights[i] = logits[i] < min ? 0 : _weights[i];
        }
        if (settings.TopP < 1)
        {
            var (min, last) = _selection.Crossing(logits, _weights, settings.TopP * Sum());
            for (var i = 0; i < logits.Length; i++)
            {
                if (logits[i] < min || (logits[i] == min && i > last))
                    _weights[i] = 0;
            }
        }
        if (settings.MinP > 0)
        {
            foreach (ref var weight in _weights.AsSpan())
                weight = weight < settings.MinP ? 0 : weight;
        }
    }

    /// <summary>Adds the weights block by block; within a block in four interleaved sums, always the same ones.</summary>
    private double Sum()
    {
        var total = 0.0;
        for (var block = 0; block < _blockSums.Length; block++)
        {
            var values = Block(block);
            double a = 0, b = 0, c = 0, d = 0;
            while (values.Length >= 4)
            {
                a += values[0];
                b += values[1];
                c += values[2];
                d += values[3];
                values = values[4..];
            }
            foreach (var v in values)
                a += v;
            total += _blockSums[block] = a + b + (c + d);
        }
        return total;
    }

    private ReadOnlySpan<float> Block(int block)
    {
        var start = block * BlockLength;
        return _weights.AsSpan(start, Math.Min(BlockLength, _weights.Length - start));
    }

    /// <summary>The first token at which the running sum of weights passes the given share of all.</summary>
    private int Sample(double uniform)
    {
        var target = uniform * Sum();
        double passed = 0, before = 0;
        var chosenBlock = 0;
        for (var block = 0; block < _blockSums.Length && passed <= target; block++)
        {
            // Blocks without weight are never chosen: the token must be one that was kept, even where sums round badly.
            if (_blockSums[block] == 0)
                continue;
            (chosenBlock, before) = (block, passed);
            passed += _blockSums[block];
        }

        var chosen = 0;
        var values = Block(chosenBlock);
        for (var i = 0; i < values.Length && before <= target; i++)
        {
            if (values[i] == 0)
                continue;
            chosen = (chosenBlock * BlockLength) + i;
            before += values[i];
        }
        return chosen;
    }
}
