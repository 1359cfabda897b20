using Hita.Generation.Model;
using Hita.Generation.Sampling;

namespace Hita.Generation;

/// <summary>One batch of images to sample.</summary>
/// <param name="Classes">The class of each image.</param>
/// <param name="Seed">The request's seed.</param>
/// <param name="FirstImage">The first image's number under this seed; the others follow. The number and the seed decide the image.</param>
/// <param name="TokenCount">Tokens to sample: M + N, or fewer where the last patch codes reach no pixel.</param>
/// <param name="Sampling">The settings.</param>
/// <param name="Boundary">How the last holistic code is embedded.</param>
/// <param name="Forced">Tokens that are known already; null where all are sampled.</param>
internal sealed record SamplingBatch(
    IReadOnlyList<int> Classes, ulong Seed, long FirstImage, int TokenCount, SamplingOptions Sampling, BoundaryMode Boundary,
    ForcedTokens? Forced = null);

/// <summary>The tokens of a batch that are known before it is sampled.</summary>
/// <param name="Tokens">[images, TokenCount]; <see cref="PartialCodes.Unknown"/> where the token is sampled.</param>
/// <param name="LogLikelihoods">Receives [images, TokenCount] natural logarithms of the probability that the model gives each
/// token for the image's class, without guidance, temperature or filters; null where they are not asked for.</param>
/// <param name="ScoredFrom">The first token whose likelihood is computed; those before it keep what they were.</param>
internal sealed record ForcedTokens(int[] Tokens, double[]? LogLikelihoods = null, int ScoredFrom = 0)
{
    /// <summary>Whether the logits for a token are of use to any image.</summary>
    public bool NeedsLogits(int token, int images, int tokenCount) =>
        (LogLikelihoods is not null && token >= ScoredFrom) || !IsKnown(token, images, tokenCount);

    /// <summary>Whether no image has a token sampled.</summary>
    public bool IsKnown(int token, int images, int tokenCount)
    {
        for (var i = 0; i < images; i++)
        {
            if (Tokens[(i * tokenCount) + token] < 0)
                return false;
        }
        return true;
    }
}

/// <summary>Samples the tokens of a batch, position by position; known ones go together.</summary>
internal static class SamplingLoop
{
    /// <summary>Samples.</summary>
    /// <param name="model">The weights.</param>
    /// <param name="batch">What to sample.</param>
    /// <param name="onToken">Called after each step with the number of positions done; may be null.</param>
    /// <param name="cancellation">Stops between two positions.</param>
    /// <returns>The tokens [images, TokenCount], row after row.</returns>
    public static int[] Run(ITokenModel model, SamplingBatch batch, Action<int>? onToken, CancellationToken cancellation)
    {
        var config = model.Config;
        int images = batch.Classes.Count, count = batch.TokenCount;
        var guidance = batch.Sampling.Guidance;
        // The second half of the rows is conditioned on "no class", for as long as any later token needs it.
        var guided = Math.Min(guidance.GuidedTokenCount(config.SequenceLength), count);
        using var pass = model.Begin(guided > 0 ? 2 * images : images, batch.Boundary);
        var sampling = new Sampling(model, batch, pass, guided);
        for (var done = 0; done < count;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (done == guided && guided > 0)
                pass.KeepRows(images);
            done = sampling.Step(done);
            onToken?.Invoke(done);
        }
        return sampling.Tokens;
    }

    /// <summary>The memory of one batch while it is sampled.</summary>
    private sealed class Sampling
    {
        private readonly SamplingBatch _batch;
        private readonly IDecodingPass _pass;
        private readonly GeneratorConfig _config;
        private readonly int _guided;
        private readonly TokenSampler _sampler;
        private readonly Philox4x32[] _random;
        private int[] _inputs = [];
        private float[] _logits = [];

        public Sampling(ITokenModel model, SamplingBatch batch, IDecodingPass pass, int guided)
        {
            (_batch, _pass, _config, _guided) = (batch, pass, model.Config, guided);
            _sampler = new TokenSampler(_config.CodebookSize);
            Tokens = new int[Images * batch.TokenCount];
            _random = new Philox4x32[Images];
            for (var i = 0; i < Images; i++)
                _random[i] = new Philox4x32(batch.Seed, (ulong)(batch.FirstImage + i));
        }

        public int[] Tokens { get; }

        private int Images => _batch.Classes.Count;

        /// <summary>Takes the next token of every image, and those known after it up to the next one that is sampled.</summary>
        /// <returns>How many tokens are there now.</returns>
        public int Step(int done)
        {
            var (rows, positions) = (_pass.Rows, PositionsFrom(done));
            // Logits from the first position that needs them.
            var first = done;
            while (first < done + positions && !NeedsLogits(first))
                first++;
            var scored = done + positions - first;
            Reserve(ref _inputs, rows * positions);
            Reserve(ref _logits, rows * scored * _config.CodebookSize);
            for (var row = 0; row < rows; row++)
            {
                for (var i = 0; i < positions; i++)
                    _inputs[(row * positions) + i] = Input(row, done + i);
            }
            _pass.AdvanceKnown(_inputs.AsSpan(0, rows * positions), scored, _logits.AsSpan(0, rows * scored * _config.CodebookSize));
            for (var token = done; token < done + positions; token++)
            {
                for (var image = 0; image < Images; image++)
                    Take(image, token, token - first, scored);
            }
            return done + positions;
        }

        /// <summary>How many positions go together: those whose inputs are known.</summary>
        private int PositionsFrom(int done)
        {
            // Guidance ends between two steps.
            var last = done < _guided ? _guided : _batch.TokenCount;
            var limit = Math.Min(Math.Max(KnownPositions.MaxRows / _pass.Rows, 1), last - done);
            var positions = 1;
            while (positions < limit && _batch.Forced?.IsKnown(done + positions - 1, Images, _batch.TokenCount) == true)
                positions++;
            return positions;
        }

        private bool NeedsLogits(int token) => _batch.Forced?.NeedsLogits(token, Images, _batch.TokenCount) ?? true;

        private int Input(int row, int position)
        {
            var image = row % Images;
            if (position == 0)
                return row < Images ? _batch.Classes[image] : _config.ClassCount;
            var before = (image * _batch.TokenCount) + position - 1;
            return _batch.Forced?.Tokens[before] is >= 0 and var known ? known : Tokens[before];
        }

        /// <param name="image">The image.</param>
        /// <param name="token">The token.</param>
        /// <param name="place">Which of the positions with logits it follows from; negative without.</param>
        /// <param name="scored">Positions with logits.</param>
        private void Take(int image, int token, int place, int scored)
        {
            var at = (image * _batch.TokenCount) + token;
            var sampled = _batch.Forced?.Tokens[at] ?? PartialCodes.Unknown;
            if (sampled < 0)
            {
                var unconditional = Images + image < _pass.Rows ? Logits(Images + image, place, scored) : [];
                sampled = _sampler.Sample(Logits(image, place, scored), unconditional, _batch.Sampling, _config, token, _random[image].Uniform(token));
            }
            Tokens[at] = sampled;
            if (_batch.Forced is { LogLikelihoods: { } scores } forced && token >= forced.ScoredFrom)
                scores[at] = _sampler.LogLikelihood(Logits(image, place, scored), sampled);
        }

        private ReadOnlySpan<float> Logits(int row, int place, int scored) =>
            _logits.AsSpan(((row * scored) + place) * _config.CodebookSize, _config.CodebookSize);

        private static void Reserve<T>(ref T[] memory, int length)
        {
            if (memory.Length < length)
                memory = new T[length];
        }
    }
}
