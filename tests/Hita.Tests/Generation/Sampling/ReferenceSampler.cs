using Hita.Generation.Sampling;

namespace Hita.Tests.Generation.Sampling;

/// <summary>The filters as their definitions read, by sorting everything, in float64.</summary>
internal static class ReferenceSampler
{
    /// <summary>The probability of every token after all filters.</summary>
    public static double[] Probabilities(float[] logits, TokenSampling settings)
    {
        // Stable: of equal logits the first come first.
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ToArray();
        if (settings.Temperature == 0)
            return [.. Enumerable.Range(0, logits.Length).Select(i => i == order[0] ? 1.0 : 0.0)];

        var best = (double)logits[order[0]];
        var temperature = Math.Max((double)settings.Temperature, 1e-5);
        var weights = logits.Select(l => Math.Exp((l - best) / temperature)).ToArray();
        if (settings.TopK > 0 && settings.TopK < logits.Length)
        {
            var least = logits[order[settings.TopK - 1]];
            for (var i = 0; i < logits.Length; i++)
                weights[i] = logits[i] < least ? 0 : weights[i];
        }
        if (settings.TopP < 1)
        {
            var total = weights.Sum();
            var passed = 0.0;
            foreach (var i in order)
            {
                var weight = weights[i];
                if (passed > 0 && passed > settings.TopP * total)
                    weights[i] = 0;
                passed += weight;
            }
        }
        if (settings.MinP > 0)
        {
            var largest = weights.Max();
            for (var i = 0; i < weights.Length; i++)
                weights[i] = weights[i] < settings.MinP * largest ? 0 : weights[i];
        }
        var sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }
}
