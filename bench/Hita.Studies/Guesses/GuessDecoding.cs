using System.Diagnostics;
using Hita.Generation.Engine;
using Hita.Generation.Model;
using Hita.Generation.Sampling;

namespace Hita.Studies.Guesses;

/// <summary>Samples one image with guessed tokens, several of which each pass checks.</summary>
internal sealed class GuessDecoding : IDisposable
{
    private readonly GeneratorConfig _config;
    private readonly SlotDecoder _decoder;
    private readonly SamplingOptions _sampling;
    private readonly DraftNetwork? _draft;
    private readonly float[] _logits;
    private readonly float[] _guided;
    private readonly DecodingRow[] _rows;

    /// <param name="model">The weights.</param>
    /// <param name="sampling">How tokens are sampled; the guidance is constant.</param>
    /// <param name="largestWindow">The most positions of a pass.</param>
    /// <param name="draft">The network that guesses; may be null.</param>
    public GuessDecoding(CpuTokenModel model, SamplingOptions sampling, int largestWindow, DraftNetwork? draft)
    {
        (_config, _sampling, _draft) = (model.Config, sampling, draft);
        _decoder = model.BeginSlots(2, 2 * largestWindow);
        _rows = new DecodingRow[2 * largestWindow];
        _logits = new float[2 * largestWindow * model.Config.CodebookSize];
        _guided = new float[model.Config.CodebookSize];
    }

    /// <summary>Samples an image.</summary>
    /// <param name="imageClass">The class.</param>
    /// <param name="sampler">Decides the tokens.</param>
    /// <param name="rule">How tokens are guessed.</param>
    /// <param name="window">Positions of a pass; 1 guesses nothing.</param>
    /// <param name="passes">How many passes it took.</param>
    public int[] Sample(int imageClass, CoupledSampler sampler, GuessRule rule, int window, out int passes)
    {
        var (count, guidance) = (_config.SequenceLength, _sampling.Guidance.IsActive);
        var tokens = new int[count];
        var iterated = Enumerable.Repeat(-1, count).ToArray();
        var size = _config.CodebookSize;
        passes = 0;
        for (var done = 0; done < count; passes++)
        {
            var positions = Math.Min(window, count - done);
            // Behind what is certain stand guesses.
            for (var i = 0; i < positions - 1; i++)
                tokens[done + i] = Guess(imageClass, sampler, rule, done, done + i, tokens, iterated);
            for (var row = 0; row < positions; row++)
            {
                var position = done + row;
                _rows[row] = new DecodingRow(0, position, position == 0 ? imageClass : tokens[position - 1]);
                if (guidance)
                    _rows[positions + row] = new DecodingRow(1, position, position == 0 ? _config.ClassCount : tokens[position - 1]);
            }
            var rows = guidance ? 2 * positions : positions;
            _decoder.Advance(_rows.AsSpan(0, rows), _logits.AsSpan(0, rows * size));
            var certain = 0;
            var holds = true;
            for (var row = 0; row < positions; row++)
            {
                var token = done + row;
                var sampled = sampler.Sample(Guided(row, positions), _sampling.For(token, _config.HolisticTokenCount), token);
                iterated[token] = sampled;
                if (!holds)
                    continue;
                holds = row < positions - 1 && tokens[token] == sampled;
                tokens[token] = sampled;
                certain++;
            }
            done += certain;
            if (done < count)
            {
                _decoder.GoBack(0, done);
                if (guidance)
                    _decoder.GoBack(1, done);
            }
        }
        return tokens;
    }

    /// <summary>The seconds that passes take in the middle of an image, sampling not included; sorted.</summary>
    /// <param name="positions">Positions of a pass.</param>
    /// <param name="repeats">How many passes.</param>
    public double[] Seconds(int positions, int repeats)
    {
        var (from, rows) = (_config.SequenceLength / 2, _sampling.Guidance.IsActive ? 2 * positions : positions);
        _decoder.SkipTo(from + positions);
        for (var i = 0; i < rows; i++)
            _rows[i] = new DecodingRow(i / positions, from + (i % positions), i);
        var seconds = new double[repeats];
        for (var i = 0; i < repeats; i++)
        {
            _decoder.GoBack(0, from);
            _decoder.GoBack(1, from);
            var start = Stopwatch.GetTimestamp();
            _decoder.Advance(_rows.AsSpan(0, rows), _logits.AsSpan(0, rows * _config.CodebookSize));
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(seconds);
        return seconds;
    }

    public void Dispose() => _decoder.Dispose();

    private int Guess(int imageClass, CoupledSampler sampler, GuessRule rule, int done, int token, int[] tokens, int[] iterated)
    {
        var settings = _sampling.For(token, _config.HolisticTokenCount);
        if (rule == GuessRule.Network)
            return sampler.Sample(_draft!.Logits(imageClass, token, tokens), settings, token);
        // What the last pass made of earlier guesses.
        if (iterated[token] >= 0)
            return iterated[token];
        if (rule == GuessRule.SameLogits && done > 0)
            return sampler.Sample(_guided, settings, token);
        var above = token - _config.HolisticTokenCount >= _config.GridWidth ? token - _config.GridWidth : -1;
        var place = rule == GuessRule.Above && above >= 0 ? above : token - 1;
        return place >= 0 ? tokens[place] : 0;
    }

    // The last ones stay for GuessRule.SameLogits.
    private ReadOnlySpan<float> Guided(int row, int positions)
    {
        var size = _config.CodebookSize;
        var logits = _logits.AsSpan(row * size, size);
        if (_sampling.Guidance.IsActive)
            TokenSampler.Guide(logits, _logits.AsSpan((positions + row) * size, size), _sampling.Guidance.Scale, _guided);
        else
            logits.CopyTo(_guided);
        return _guided;
    }
}
