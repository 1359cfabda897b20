using Hita.Training;

namespace Hita.Tests.Training;

public sealed class GeneratorStageTests
{
    [Fact]
    public void Codes_that_follow_from_the_class_are_learned()
    {
        using var stage = GeneratorStage.Create(TinyStages.Generator, TinyStages.Writing, seed: 1);
        var held = TinyStages.Codes(32, seed: 1000);
        var before = stage.Evaluate(held);
        Assert.Equal(Math.Log(32), before.Patch, 4);
        for (var step = 1; step <= 60; step++)
            Assert.False(stage.TakeStep([TinyStages.Codes(16, step)], step).Skipped);
        var after = stage.Evaluate(held);
        Assert.True(after.Patch < 0.7 * before.Patch && after.Holistic < 0.7 * before.Holistic, $"{before} became {after}");
    }
}
