using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Tests.Generation.Sampling;

public sealed class TokenSamplerTests
{
    public static TheoryData<TokenSampling> Settings { get; } =
    [
        new TokenSampling(),
        new TokenSampling { Temperature = 0.7f },
        new TokenSampling { Temperature = 1e-7f },
        new TokenSampling { TopK = 1 },
        new TokenSampling { TopK = 40 },
        new TokenSampling { TopK = 100_000 },
        new TokenSampling { TopP = 0.9f },
        new TokenSampling { TopP = 1e-6f },
        new TokenSampling { TopP = 0.999999f },
        new TokenSampling { MinP = 0.1f },
        new TokenSampling { MinP = 1 },
        new TokenSampling { Temperature = 1.3f, TopK = 200, TopP = 0.5f, MinP = 0.02f },
        new TokenSampling { TopK = 3, TopP = 0.5f },
    ];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Draws_agree_with_sorting_all_tokens(TokenSampling settings)
    {
        foreach (var (name, logits) in Distributions())
        {
            var sampler = new TokenSampler(logits.Length);
            var expected = ReferenceSampler.Probabilities(logits, settings);
            foreach (var uniform in Uniforms())
            {
                var token = sampler.Sample(logits, settings, uniform);
                Assert.True(expected[token] > 0, $"{name}, {settings}: token {token} is not among those kept");
                var before = expected[..token].Sum();
                Assert.True(
                    before - 2e-6 <= uniform && uniform <= before + expected[token] + 2e-6,
                    $"{name}, {settings}: {uniform} fell on token {token}, whose share is {before} + {expected[token]}");
            }
        }
    }

    [Fact]
    public void Every_kept_token_is_reached_and_no_other()
    {
        float[] logits = [2, 1, float.NegativeInfinity, 1, 0, 2, -1, 1, -40, 0.5f];
        foreach (var row in Settings)
        {
            var sampler = new TokenSampler(logits.Length);
            var reached = new SortedSet<int>();
            for (var i = 0; i < 20_000; i++)
                reached.Add(sampler.Sample(logits, row.Data, i / 20_000.0));
            var expected = ReferenceSampler.Probabilities(logits, row.Data);
            Assert.Equal(Enumerable.Range(0, logits.Length).Where(i => expected[i] > 1e-4), reached);
        }
    }

    [Fact]
    public void Tokens_equal_to_the_last_of_top_k_stay()
    {
        float[] logits = [1, 3, 3, 0, 3, -0f, 0, 2];
        var sampler = new TokenSampler(logits.Length);
        SortedSet<int> Reached(int k) =>
            [.. Enumerable.Range(0, 1000).Select(i => sampler.Sample(logits, new TokenSampling { TopK = k }, i / 1000.0))];
        Assert.Equal([1, 2, 4], Reached(1));
        Assert.Equal([1, 2, 4, 7], Reached(4));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], Reached(6));
    }

    [Fact]
    public void Top_p_keeps_the_token_that_passes_it_and_the_first_of_equal_ones()
    {
        var sampler = new TokenSampler(4);
        int[] Reached(float p) =>
        [
            .. Enumerable.Range(0, 1000)
                .Select(i => sampler.Sample([0, 0, 0, 0], new TokenSampling { TopP = p }, i / 1000.0)).Distinct().Order(),
        ];
        Assert.Equal([0], Reached(0));
        Assert.Equal([0], Reached(0.2f));
        Assert.Equal([0, 1], Reached(0.25f));
        Assert.Equal([0, 1], Reached(0.3f));
        Assert.Equal([0, 1, 2, 3], Reached(0.75f));
        Assert.Equal([0, 1, 2, 3], Reached(1));
    }

    [Fact]
    public void The_best_token_wins_without_a_sample_when_greedy()
    {
        float[] logits = [-3, 7, 7, float.NegativeInfinity];
        var sampler = new TokenSampler(4);
        foreach (var uniform in (double[])[0, 0.5, 0.999999])
        {
            Assert.Equal(1, sampler.Sample(logits, TokenSampling.Greedy, uniform));
            Assert.Equal(1, sampler.Sample(logits, new TokenSampling { Temperature = 0, TopK = 3, MinP = 1 }, uniform));
            Assert.Equal(1, sampler.Sample(logits, new TokenSampling { TopP = 0 }, uniform));
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void The_only_possible_token_is_sampled(TokenSampling settings)
    {
        var logits = new float[1003];
        Array.Fill(logits, float.NegativeInfinity);
        logits[517] = -3e38f;
        var sampler = new TokenSampler(logits.Length);
        foreach (var uniform in Uniforms())
            Assert.Equal(517, sampler.Sample(logits, settings, uniform));
    }

    [Fact]
    public void Damaged_logits_are_refused_in_one_sentence()
    {
        foreach (var length in (int[])[3, 8, 100, 1003])
        {
            var sampler = new TokenSampler(length);
            foreach (var settings in (TokenSampling[])[new(), TokenSampling.Greedy])
            {
                for (var at = 0; at < length; at += Math.Max(1, length / 7))
                {
                    var logits = new float[length];
                    logits[at] = float.NaN;
                    Assert.Contains("not a number", Refusal(logits), StringComparison.Ordinal);
                    logits[at] = float.PositiveInfinity;
                    Assert.Contains("infinite", Refusal(logits), StringComparison.Ordinal);
                }
                var none = new float[length];
                Array.Fill(none, float.NegativeInfinity);
                Assert.Contains("Every token is excluded", Refusal(none), StringComparison.Ordinal);

                string Refusal(float[] logits) =>
                    Assert.Throws<HitaException>(() => sampler.Sample(logits, settings, 0.5)).Message;
            }
        }
    }

    [Fact]
    public void A_million_samples_follow_the_distribution()
    {
        var random = new Random(3);
        var logits = Enumerable.Range(0, 100).Select(_ => (float)random.NextDouble() * 4).ToArray();
        var settings = new TokenSampling { Temperature = 0.9f, TopK = 90, TopP = 0.98f, MinP = 0.01f };
        var expected = ReferenceSampler.Probabilities(logits, settings);
        var sampler = new TokenSampler(logits.Length);
        var counts = new int[logits.Length];
        const int Images = 2000, Tokens = 500;
        for (var image = 0; image < Images; image++)
        {
            var numbers = new Philox4x32(42, (ulong)image);
            for (var token = 0; token < Tokens; token++)
                counts[sampler.Sample(logits, settings, numbers.Uniform(token))]++;
        }

        double chiSquare = 0;
        var freedom = -1;
        for (var i = 0; i < counts.Length; i++)
        {
            if (expected[i] == 0)
            {
                Assert.Equal(0, counts[i]);
                continue;
            }
            var count = expected[i] * Images * Tokens;
            chiSquare += (counts[i] - count) * (counts[i] - count) / count;
            freedom++;
        }
        Assert.True(freedom > 50);
        // Mean f and deviation √(2f): 4 deviations are passed once in some ten thousand seeds, and this seed is fixed.
        Assert.InRange(chiSquare, freedom - (4 * Math.Sqrt(2 * freedom)), freedom + (4 * Math.Sqrt(2 * freedom)));
    }

    [Fact]
    public void Guidance_moves_every_logit_by_the_scale()
    {
        var random = new Random(5);
        foreach (var length in (int[])[1, 7, 64, 259])
        {
            var cond = Enumerable.Range(0, length).Select(_ => (float)random.NextDouble()).ToArray();
            var uncond = Enumerable.Range(0, length).Select(_ => (float)random.NextDouble()).ToArray();
            var expected = cond.Zip(uncond, (c, u) => u + (4.5f * (c - u))).ToArray();
            TokenSampler.Guide(cond, uncond, 4.5f, cond);
            Assert.Equal(expected, cond);
        }
    }

    [Fact]
    public void Nothing_is_allocated_for_a_sample()
    {
        var logits = Distributions().First(d => d.Name == "normal").Logits;
        var sampler = new TokenSampler(logits.Length);
        var settings = new TokenSampling { TopK = 1000, TopP = 0.9f, MinP = 0.001f };
        // What a sample allocates it allocates every time; what the runtime sets up on first use comes once.
        var least = long.MaxValue;
        for (var round = 0; round < 5 && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++)
                sampler.Sample(logits, settings, i / 10.0);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    private static IEnumerable<double> Uniforms()
    {
        var numbers = new Philox4x32(11, 0);
        return [0, 1 - (1.0 / (1L << 53)), .. Enumerable.Range(0, 40).Select(numbers.Uniform)];
    }

    private static IEnumerable<(string Name, float[] Logits)> Distributions()
    {
        var random = new Random(1);
        float Normal() => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        yield return ("normal", [.. Enumerable.Range(0, 16384).Select(_ => 3 * Normal())]);
        yield return ("odd length", [.. Enumerable.Range(0, 261).Select(_ => Normal())]);
        yield return ("three", [0.1f, -0.2f, 0.4f]);
        yield return ("one", [5]);
        yield return ("all equal", new float[1000]);
        yield return ("ties", [.. Enumerable.Range(0, 1000).Select(i => (float)(i % 7))]);
        yield return ("close together", [.. Enumerable.Range(0, 4096).Select(_ => 1 + (1e-4f * Normal()))]);
        yield return ("far apart", [.. Enumerable.Range(0, 500).Select(_ => 1e30f * Normal())]);
        yield return ("with holes", [.. Enumerable.Range(0, 777).Select(i => i % 3 == 0 ? float.NegativeInfinity : Normal())]);
    }
}
