using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Bench;

/// <summary>How far a generator with fewer bits a weight moves from the exact one, over all steps of some images.</summary>
public sealed record PrecisionDifference
{
    /// <summary>The type of the weights.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Steps compared: images times tokens.</summary>
    public required long Steps { get; init; }

    /// <summary>The mean over steps of KL(exact ‖ this one), in nats, of the distributions that tokens are sampled from.</summary>
    public required double MeanDivergence { get; init; }

    /// <summary>The largest of them.</summary>
    public required double LargestDivergence { get; init; }

    /// <summary>The mean over the holistic tokens; 0 where there are none.</summary>
    public required double HolisticDivergence { get; init; }

    /// <summary>The mean over the patch tokens.</summary>
    public required double PatchDivergence { get; init; }

    /// <summary>The share of steps, 0 to 1, at which both would choose the same best token.</summary>
    public required double GreedyAgreement { get; init; }
}

/// <summary>
/// Compares generators step by step on the same tokens: the exact one samples them, and the others are told what was sampled, so
/// that every step is compared from the same past.
/// </summary>
public static class PrecisionComparison
{
    /// <summary>Compares.</summary>
    /// <param name="exact">The generator that samples, in float32 as a rule.</param>
    /// <param name="others">The same weights in other types.</param>
    /// <param name="request">
    /// What is sampled. Guidance and temperature make the distributions that are compared; filters only choose what is sampled.
    /// </param>
    /// <param name="progress">Told after every step how many of an image's are done, over all batches; may be null.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>A result for each of the others, in their order.</returns>
    /// <exception cref="HitaException">The request does not fit, or the generators are of different architectures.</exception>
    public static IReadOnlyList<PrecisionDifference> Compare(
        ImageGenerator exact,
        IReadOnlyList<ImageGenerator> others,
        GenerationRequest request,
        IProgress<int>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(exact);
        ArgumentNullException.ThrowIfNull(others);
        ArgumentNullException.ThrowIfNull(request);
        request.Validate(exact.Config);
        if (others.Any(o => o.Config != exact.Config))
            throw new HitaException("Only generators of one architecture can be compared step by step.");
        var sums = others.Select(static o => new Sums(o.Precision)).ToArray();
        var done = 0;
        for (var first = 0; first < request.Classes.Count; first += request.BatchSize)
        {
            var classes = request.Classes.Skip(first).Take(request.BatchSize).ToArray();
            var run = new Run(exact.Config, request, classes, request.FirstImage + first);
            run.Compare(exact.Tokens, [.. others.Select(static o => o.Tokens)], sums, () => progress?.Report(++done), cancellation);
        }
        return [.. sums.Select(static s => s.Result())];
    }

    /// <summary>KL(p ‖ q), in nats, of the distributions softmax(p / temperature) and softmax(q / temperature).</summary>
    /// <param name="p">Logits; −∞ excludes a token from both.</param>
    /// <param name="q">As many.</param>
    /// <param name="temperature">Above 0.</param>
    public static double Divergence(ReadOnlySpan<float> p, ReadOnlySpan<float> q, double temperature = 1)
    {
        if (p.Length != q.Length)
            throw new ArgumentException($"{p.Length} logits cannot be compared with {q.Length}.", nameof(q));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        var (totalP, totalQ) = (LogSumExp(p, temperature), LogSumExp(q, temperature));
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            var logP = (p[i] / temperature) - totalP;
            if (logP > double.NegativeInfinity)
                sum += Math.Exp(logP) * (logP - ((q[i] / temperature) - totalQ));
        }
        // Rounding alone can bring equal distributions below zero.
        return Math.Max(0, sum);
    }

    private static double LogSumExp(ReadOnlySpan<float> logits, double temperature)
    {
        var largest = double.NegativeInfinity;
        foreach (var value in logits)
            largest = Math.Max(largest, value / temperature);
        var sum = 0.0;
        foreach (var value in logits)
            sum += Math.Exp((value / temperature) - largest);
        return largest + Math.Log(sum);
    }

    /// <summary>One batch.</summary>
    private sealed class Run(GeneratorConfig config, GenerationRequest request, int[] classes, long firstImage)
    {
        private readonly int _size = config.CodebookSize;
        private readonly bool _guided = request.Sampling.Guidance.IsActive;

        public void Compare(ITokenModel exact, ITokenModel[] others, Sums[] sums, Action onStep, CancellationToken cancellation)
        {
            var rows = _guided ? 2 * classes.Length : classes.Length;
            var passes = new List<IDecodingPass>();
            try
            {
                foreach (var model in (ITokenModel[])[exact, .. others])
                    passes.Add(model.Begin(rows, request.Boundary));
                var inputs = Enumerable.Range(0, rows).Select(i => i < classes.Length ? classes[i] : config.ClassCount).ToArray();
                var logits = passes.Select(_ => new float[rows * _size]).ToArray();
                var random = classes.Select((_, i) => new Philox4x32(request.Seed, (ulong)(firstImage + i))).ToArray();
                var sampler = new TokenSampler(_size);
                for (var token = 0; token < config.SequenceLength; token++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    for (var i = 0; i < passes.Count; i++)
                    {
                        passes[i].Advance(inputs, logits[i]);
                        Guide(logits[i], token);
                    }
                    Take(token, logits, sums, sampler, random, inputs);
                    onStep();
                }
            }
            finally
            {
                passes.ForEach(static p => p.Dispose());
            }
        }

        private void Guide(float[] logits, int token)
        {
            var scale = request.Sampling.Guidance.ScaleAt(token, config.SequenceLength);
            if (scale <= 1)
                return;
            var half = classes.Length * _size;
            TokenSampler.Guide(logits.AsSpan(0, half), logits.AsSpan(half, half), scale, logits.AsSpan(0, half));
        }

        private void Take(int token, float[][] logits, Sums[] sums, TokenSampler sampler, Philox4x32[] random, int[] inputs)
        {
            var settings = request.Sampling.For(token, config.HolisticTokenCount);
            var temperature = settings.IsGreedy ? 1 : settings.Temperature;
            for (var image = 0; image < classes.Length; image++)
            {
                ReadOnlySpan<float> p = logits[0].AsSpan(image * _size, _size);
                var best = sampler.Sample(p, TokenSampling.Greedy, 0);
                for (var i = 0; i < sums.Length; i++)
                {
                    ReadOnlySpan<float> q = logits[i + 1].AsSpan(image * _size, _size);
                    sums[i].Add(token < config.HolisticTokenCount, Divergence(p, q, temperature), sampler.Sample(q, TokenSampling.Greedy, 0) == best);
                }
                inputs[image] = sampler.Sample(p, settings, random[image].Uniform(token));
                if (_guided)
                    inputs[classes.Length + image] = inputs[image];
            }
        }
    }

    private sealed class Sums(Precision precision)
    {
        private double _holistic;
        private double _patches;
        private double _largest;
        private long _holisticSteps;
        private long _patchSteps;
        private long _agreed;

        public void Add(bool isHolistic, double divergence, bool agrees)
        {
            _holistic += isHolistic ? divergence : 0;
            _patches += isHolistic ? 0 : divergence;
            _largest = Math.Max(_largest, divergence);
            _holisticSteps += isHolistic ? 1 : 0;
            _patchSteps += isHolistic ? 0 : 1;
            _agreed += agrees ? 1 : 0;
        }

        public PrecisionDifference Result() => new()
        {
            Precision = precision,
            Steps = _holisticSteps + _patchSteps,
            MeanDivergence = (_holistic + _patches) / (_holisticSteps + _patchSteps),
            LargestDivergence = _largest,
            HolisticDivergence = _holisticSteps > 0 ? _holistic / _holisticSteps : 0,
            PatchDivergence = _patches / _patchSteps,
            GreedyAgreement = _agreed / (double)(_holisticSteps + _patchSteps),
        };
    }
}
