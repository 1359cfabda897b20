using Hita.Runtime;

namespace Hita.Data;

/// <summary>The chance decisions of one image in one epoch, for code that asks a <see cref="Random"/>. One for each thread.</summary>
internal sealed class IndexedRandom : Random
{
    // Keeps these numbers apart from those of scenes and orders, which are made from the same seed.
    private const ulong Purpose = 0x41756700_00000000;

    private CounterRandom _numbers;

    /// <summary>Starts the numbers of an image.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">How often the whole set has been seen.</param>
    /// <param name="index">The image.</param>
    public void Begin(ulong seed, int epoch, int index) => _numbers = new(seed, (ulong)index, Purpose + (ulong)epoch);

    public override int Next() => Next(int.MaxValue);

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return _numbers.Below(maxValue);
    }

    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return (int)(minValue + (long)Math.BigMul(_numbers.NextBits(), (ulong)((long)maxValue - minValue), out _));
    }

    public override double NextDouble() => _numbers.NextDouble();

    protected override double Sample() => NextDouble();
}
