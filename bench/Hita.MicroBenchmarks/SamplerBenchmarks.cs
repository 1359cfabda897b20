using BenchmarkDotNet.Attributes;
using Hita.Generation.Sampling;

namespace Hita.MicroBenchmarks;

/// <summary>One token from 16384 logits.</summary>
public class SamplerBenchmarks
{
    private readonly float[] _logits = new float[16384];
    private readonly float[] _unguided = new float[16384];
    private readonly float[] _guided = new float[16384];
    private readonly TokenSampler _sampler = new(16384);
    private readonly TokenSampling _filtered = new() { TopK = 2000, TopP = 0.95f };
    private readonly Philox4x32 _random = new(1, 0);
    private int _position;

    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        for (var i = 0; i < _logits.Length; i++)
            (_logits[i], _unguided[i]) = ((float)(8 * random.NextDouble()), (float)(8 * random.NextDouble()));
    }

    [Benchmark(Baseline = true)]
    public int All() => _sampler.Sample(_logits, new TokenSampling(), _random.Uniform(_position++));

    [Benchmark]
    public int TopKAndTopP() => _sampler.Sample(_logits, _filtered, _random.Uniform(_position++));

    [Benchmark]
    public int Greedy() => _sampler.Sample(_logits, TokenSampling.Greedy, 0);

    [Benchmark]
    public void Guide() => TokenSampler.Guide(_logits, _unguided, 4, _guided);
}
