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
    private CounterRandom _numbers;

    public StepRandom(ulong seed, long step, int microBatch) => _numbers = CounterRandom.OfStep(seed, (ulong)step, (ulong)microBatch);

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
    public long NextSeed() => (long)(_numbers.NextBits() >> 1);

    /// <summary>A number in [0, 1).</summary>
    public double NextDouble() => _numbers.NextDouble();

    /// <summary>A number in 0 … <paramref name="limit"/> − 1.</summary>
    public long NextBelow(long limit) => Math.Min(limit - 1, (long)(NextDouble() * limit));
}
