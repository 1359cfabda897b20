using Hita.Training;

namespace Hita.Tests.Training;

public sealed class GeneratorTrainerTests
{
    [Fact]
    public void Codes_that_follow_from_the_class_are_learned()
    {
        using var trainer = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing, seed: 1);
        var held = TinyTrainers.Codes(32, seed: 1000);
        var before = trainer.Evaluate(held);
        Assert.Equal(Math.Log(32), before.Patch, 4);
        for (var step = 1; step <= 60; step++)
            Assert.False(trainer.TakeStep([TinyTrainers.Codes(16, step)], step).Skipped);
        var after = trainer.Evaluate(held);
        Assert.True(after.Patch < 0.7 * before.Patch && after.Holistic < 0.7 * before.Holistic, $"{before} became {after}");
    }
}
