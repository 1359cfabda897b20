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
    public bool NeedsLogits(int token, int images, int tokenCount)
    {
        if (LogLikelihoods is not null && token >= ScoredFrom)
            return true;
        for (var i = 0; i < images; i++)
        {
            if (Tokens[(i * tokenCount) + token] < 0)
                return true;
        }
        return false;
    }
}

/// <summary>Samples the tokens of a batch, position by position.</summary>
internal static class SamplingLoop
{
    /// <summary>Samples.</summary>
    /// <param name="model">The weights.</param>
    /// <param name="batch">What to sample.</param>
    /// <param name="onToken">Called after each position with the number of positions done; may be null.</param>
    /// <param name="cancellation">Stops between two positions.</param>
    /// <returns>The tokens [images, TokenCount], row after row.</returns>
    public static int[] Run(ITokenModel model, SamplingBatch batch, Action<int>? onToken, CancellationToken cancellation)
    {
        var config = model.Config;
        int images = batch.Classes.Count, size = config.CodebookSize, count = batch.TokenCount;
        var guidance = batch.Sampling.Guidance;
        // The second half of the rows is conditioned on "no class", for as long as any later token needs it.
        var guided = Math.Min(guidance.GuidedTokenCount(config.SequenceLength), count);
        using var pass = model.Begin(guided > 0 ? 2 * images : images, batch.Boundary);
        var inputs = new int[pass.Rows];
        for (var i = 0; i < inputs.Length; i++)
            inputs[i] = i < images ? batch.Classes[i] : config.ClassCount;
        var logits = new float[pass.Rows * size];
        var combined = new float[size];
        var tokens = new int[images * count];
        var sampler = new TokenSampler(size);
        var random = new Philox4x32[images];
        for (var i = 0; i < images; i++)
            random[i] = new Philox4x32(batch.Seed, (ulong)(batch.FirstImage + i));

        for (var token = 0; token < count; token++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (token == guided && guided > 0)
                pass.KeepRows(images);
            var needed = batch.Forced?.NeedsLogits(token, images, count) ?? true;
            pass.Advance(inputs.AsSpan(0, pass.Rows), needed ? logits.AsSpan(0, pass.Rows * size) : []);
            var scale = guidance.ScaleAt(token, config.SequenceLength);
            var settings = batch.Sampling.For(token, config.HolisticTokenCount);
            for (var i = 0; i < images; i++)
            {
                var at = (i * count) + token;
                ReadOnlySpan<float> row = logits.AsSpan(i * size, size);
                var sampled = batch.Forced?.Tokens[at] ?? PartialCodes.Unknown;
                if (sampled < 0)
                {
                    var guidedRow = row;
                    if (scale > 1)
                    {
                        TokenSampler.Guide(row, logits.AsSpan((images + i) * size, size), scale, combined);
                        guidedRow = combined;
                    }
                    sampled = sampler.Sample(guidedRow, settings, random[i].Uniform(token));
                }
                tokens[at] = sampled;
                if (batch.Forced is { LogLikelihoods: { } scores } forced && token >= forced.ScoredFrom)
                    scores[at] = sampler.LogLikelihood(row, sampled);
                inputs[i] = sampled;
                if (images + i < pass.Rows)
                    inputs[images + i] = sampled;
            }
            onToken?.Invoke(token + 1);
        }
        return tokens;
    }
}
