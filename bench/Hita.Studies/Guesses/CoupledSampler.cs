using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Studies.Guesses;

/// <summary>Samples tokens of one image so that equal logits give equal tokens, and similar ones often do.</summary>
internal sealed class CoupledSampler
{
    private readonly Coupling _coupling;
    private readonly TokenSampler _sampler;
    private readonly Philox4x32 _random;
    private readonly ulong _seed;
    private readonly ulong _image;

    public CoupledSampler(Coupling coupling, int codebookSize, ulong seed, ulong image)
    {
        (_coupling, _seed, _image) = (coupling, seed, image);
        _sampler = new TokenSampler(codebookSize);
        _random = new Philox4x32(seed, image);
    }

    /// <summary>Samples the token at a place from logits.</summary>
    public int Sample(ReadOnlySpan<float> logits, TokenSampling settings, int token)
    {
        if (_coupling == Coupling.Inverse || settings.IsGreedy)
            return _sampler.Sample(logits, settings, _random.Uniform(token));
        if (settings.TopK > 0 || settings.TopP < 1 || settings.MinP > 0)
            throw new HitaException("Gumbel noise is tried without filters.");
        var (best, largest) = (0, double.NegativeInfinity);
        var noise = (stackalloc double[4]);
        for (var code = 0; code < logits.Length; code++)
        {
            if (code % 4 == 0)
                Noise(token, code / 4, noise);
            var sum = (logits[code] / settings.Temperature) + noise[code % 4];
            if (sum > largest)
                (best, largest) = (code, sum);
        }
        return best;
    }

    private void Noise(int token, int block, Span<double> noise)
    {
        var (a, b, c, d) = Philox4x32.Block(
            ((uint)token, (uint)block + 1, (uint)_image, (uint)(_image >> 32)), ((uint)_seed, (uint)(_seed >> 32)));
        (noise[0], noise[1], noise[2], noise[3]) = (Gumbel(a), Gumbel(b), Gumbel(c), Gumbel(d));
    }

    private static double Gumbel(uint bits) => -Math.Log(-Math.Log((bits + 0.5) / (1UL << 32)));
}
