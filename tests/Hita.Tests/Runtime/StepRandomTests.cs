using Hita.Runtime;

namespace Hita.Tests.Runtime;

/// <summary>A run that is resumed by a later version of the program has to meet the numbers of the one that began it.</summary>
public sealed class StepRandomTests
{
    [Theory]
    [InlineData(1, 1, 0, 2923288300608823942, 0.34653638348609594, 676)]
    [InlineData(7, 12, 3, 7609972315177708131, 0.7221261848307783, 593)]
    [InlineData(0, 5, -1, 2983106764569263600, 0.3066424651066888, 370)]
    public void The_numbers_of_a_step_stay_what_they_are(ulong seed, long step, int microBatch, long first, double second, long third)
    {
        var random = new StepRandom(seed, step, microBatch);
        Assert.Equal((first, second, third), (random.NextSeed(), random.NextDouble(), random.NextBelow(1000)));
    }
}
