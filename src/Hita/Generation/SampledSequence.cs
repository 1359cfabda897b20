using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Tokenization;

namespace Hita.Generation;

/// <summary>The codes of one image while they are sampled in a <see cref="ContinuousBatch"/>.</summary>
internal sealed class SampledSequence
{
    private readonly GeneratorConfig _config;
    private readonly GenerationRequest _request;
    private readonly PartialCodes? _known;
    private readonly int[]? _forced;
    private readonly double[]? _scores;
    private readonly int _scoredFrom;
    private readonly Philox4x32 _random;

    /// <param name="config">The generator.</param>
    /// <param name="request">A valid request for one image.</param>
    /// <param name="known">What is known of it, fitting the generator; null for nothing.</param>
    /// <param name="score">Whether the likelihood of the known codes is computed.</param>
    /// <param name="maxTokens">Where to stop at the latest.</param>
    public SampledSequence(GeneratorConfig config, GenerationRequest request, PartialCodes? known = null, bool score = false, int maxTokens = int.MaxValue)
    {
        (_config, _request, _known) = (config, request, known);
        var count = config.SequenceLength - request.UnseenPatches;
        if (known is not null)
        {
            _forced = [.. known.Holistic, .. known.Patches.SkipLast(request.UnseenPatches)];
            _scoredFrom = Array.IndexOf(_forced, PartialCodes.Unknown) is >= 0 and var first ? first : count;
            _scores = score ? new double[count] : null;
            count = score ? count : Array.LastIndexOf(_forced, PartialCodes.Unknown) + 1;
        }
        TokenCount = Math.Min(count, maxTokens);
        Tokens = new int[TokenCount];
        GuidedCount = Math.Min(request.Sampling.Guidance.GuidedTokenCount(config.SequenceLength), TokenCount);
        _random = new Philox4x32(request.Seed, (ulong)request.FirstImage);
    }

    /// <summary>Holistic tokens, which come first.</summary>
    public int HolisticCount => _config.HolisticTokenCount;

    /// <summary>Tokens to sample or to feed.</summary>
    public int TokenCount { get; }

    /// <summary>The tokens; the first <see cref="Done"/> are there.</summary>
    public int[] Tokens { get; }

    /// <summary>How many tokens are there.</summary>
    public int Done { get; private set; }

    /// <summary>The first token that needs no sequence without a class any more.</summary>
    public int GuidedCount { get; }

    /// <summary>Whether every token is there.</summary>
    public bool IsComplete => Done == TokenCount;

    /// <summary>Why it was given up; null while all is well.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Where its keys and values are while it is in a batch.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Where those of the sequence without a class are; −1 where none is decoded.</summary>
    public int UnconditionalSlot { get; set; } = -1;

    /// <summary>How many positions its next step may take: those whose inputs are known, and where guidance ends no further.</summary>
    /// <param name="limit">The most.</param>
    public int PositionsOfStep(int limit)
    {
        limit = Math.Min(limit, (Done < GuidedCount ? GuidedCount : TokenCount) - Done);
        var positions = 1;
        while (positions < limit && !IsSampled(Done + positions - 1))
            positions++;
        return positions;
    }

    /// <summary>A part of the next step, for the class or for no class.</summary>
    /// <param name="ahead">Which of its positions, from 0.</param>
    /// <param name="unconditional">Whether it is the one for no class.</param>
    public DecodingRow Row(int ahead, bool unconditional)
    {
        var position = Done + ahead;
        var input = position == 0 ? (unconditional ? _config.ClassCount : _request.Classes[0]) : TokenAt(position - 1);
        return new DecodingRow(
            unconditional ? UnconditionalSlot : Slot, position, input, IsSampled(position) || (IsScored(position) && !unconditional), _request.Boundary);
    }

    /// <summary>Takes the next token: the known one, or one that is sampled from logits.</summary>
    /// <param name="logits">For the class; empty where the row needed none.</param>
    /// <param name="unconditional">For no class; empty where none are decoded.</param>
    /// <param name="sampler">Scratch memory.</param>
    public void Take(ReadOnlySpan<float> logits, ReadOnlySpan<float> unconditional, TokenSampler sampler)
    {
        var token = Done;
        var sampled = _forced?[token] ?? PartialCodes.Unknown;
        if (sampled < 0)
            sampled = sampler.Sample(logits, unconditional, _request.Sampling, _config, token, _random.Uniform(token));
        if (IsScored(token))
            _scores![token] = sampler.LogLikelihood(logits, sampled);
        Tokens[token] = sampled;
        Done++;
    }

    /// <summary>The finished image's codes: those beyond the sampled ones are as they were known, or 0.</summary>
    public CompletedCodes ToCodes()
    {
        double sum = 0;
        var scored = 0;
        for (var i = _scoredFrom; _scores is not null && i < TokenCount; i++)
        {
            if (_forced![i] == PartialCodes.Unknown)
                continue;
            sum += _scores[i];
            scored++;
        }
        int[] whole = _known is null ? new int[_config.SequenceLength] : [.. _known.Holistic, .. _known.Patches];
        Tokens.CopyTo(whole, 0);
        foreach (ref var code in whole.AsSpan())
            code = Math.Max(code, 0);
        var holistic = _config.HolisticTokenCount;
        return new CompletedCodes(new ImageCodes(whole[..holistic], whole[holistic..], _config.GridHeight, _config.GridWidth), sum, scored);
    }

    /// <summary>What is there so far: sampled codes and known ones.</summary>
    public PartialCodes Snapshot()
    {
        var whole = new int[_config.SequenceLength];
        Array.Fill(whole, PartialCodes.Unknown);
        if (_known is not null)
            whole = [.. _known.Holistic, .. _known.Patches];
        Tokens.AsSpan(0, Done).CopyTo(whole);
        var holistic = _config.HolisticTokenCount;
        return new PartialCodes(whole[..holistic], whole[holistic..]);
    }

    private bool IsSampled(int token) => _forced is null || _forced[token] < 0;

    private bool IsScored(int token) => _scores is not null && token >= _scoredFrom;

    private int TokenAt(int token) => IsSampled(token) ? Tokens[token] : _forced![token];
}
