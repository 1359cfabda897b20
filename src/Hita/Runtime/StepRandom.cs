using static TorchSharp.torch;

namespace Hita.Runtime;

/// <summary>
/// The randomness of a micro-batch as a function of the seed, the step and the micro-batch's place in it: a resumed run draws
/// what an uninterrupted one would have, and no state has to be kept.
/// </summary>
/// <remarks>
/// The tensor library's generator is one for the process: whatever else draws from it during a step makes the step another one.
/// Nothing in this library but training does.
/// </remarks>
internal sealed class StepRandom
{
    private ulong _state;

    public StepRandom(ulong seed, long step, int microBatch)
    {
        _state = Mix(Mix(Mix(seed + 0x9E3779B97F4A7C15) ^ (ulong)step) ^ (ulong)microBatch);
    }

    /// <summary>Seeds the tensor library's own generators, which dropout draws from.</summary>
    public void SeedLibrary() => SeedLibrary(NextSeed());

    /// <summary>Seeds them with a seed that is known already.</summary>
    public static void SeedLibrary(long seed)
    {
        random.manual_seed(seed);
        if (cuda.is_available())
            cuda.manual_seed_all(seed);
    }

    /// <summary>A seed for them.</summary>
    public long NextSeed() => (long)(Next() >> 1);

    /// <summary>A number in [0, 1).</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number in 0 … <paramref name="limit"/> − 1.</summary>
    public long NextBelow(long limit) => Math.Min(limit - 1, (long)(NextDouble() * limit));

    private ulong Next() => Mix(_state += 0x9E3779B97F4A7C15);

    // The finaliser of SplitMix64: every bit of the result depends on every bit of the input.
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
