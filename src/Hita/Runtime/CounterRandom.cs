namespace Hita.Runtime;

/// <summary>Random numbers that are a function of a seed, an index and a purpose, and of nothing else.</summary>
/// <remarks>
/// The n-th number is the SplitMix64 finaliser of a hashed key plus n odd steps, so that any scene is reached directly,
/// in any order and on any thread.
/// </remarks>
internal struct CounterRandom(ulong seed, ulong index, ulong purpose)
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong _state = Mix(Mix(Mix(seed + Step) ^ (purpose * 0xD1342543DE82EF95)) + (index * Step));

    /// <summary>The numbers of a micro-batch of a training step, whose key is hashed in another way.</summary>
    public static CounterRandom OfStep(ulong seed, ulong step, ulong microBatch) =>
        new() { _state = Mix(Mix(Mix(seed + Step) ^ step) ^ microBatch) };

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits() => Mix(_state += Step);

    /// <summary>The next number in [0, 1), a multiple of 2⁻²⁴.</summary>
    public float Next() => (NextBits() >> 40) * (1f / (1 << 24));

    /// <summary>The next number in [0, 1), a multiple of 2⁻⁵³.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>The next number in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public float Between(float low, float high) => low + ((high - low) * Next());

    /// <summary>A number around 0 within ±<paramref name="reach"/> that prefers the middle.</summary>
    public float Around(float reach) => reach * (Next() + Next() - 1f);

    /// <summary>The next whole number in [0, <paramref name="count"/>).</summary>
    public int Below(int count) => (int)Math.BigMul(NextBits(), (ulong)count, out _);

    /// <summary>True with this probability.</summary>
    public bool Chance(float probability) => Next() < probability;

    /// <summary>64 bits that depend on each of the 64 bits given; different for different ones.</summary>
    public static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
