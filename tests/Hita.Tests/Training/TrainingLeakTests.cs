using Hita.Tests.Support;
using Hita.Training;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>Native memory is invisible to the collector, so a training of days may leave nothing behind.</summary>
[Collection(Alone.Name)]
public sealed class TrainingLeakTests
{
    [Fact]
    public void Tokenizer_steps_leave_no_tensors_behind()
    {
        using var trainer = TokenizerTrainer.Create(
            TinyTrainers.Larger, TinyTrainers.Judged with { Codebook = new() { UsageWindow = 64, RevivalInterval = 2, EntropyWeight = 0.1 } }, seed: 1);
        var batch = TinyTrainers.Images(2, 1, 32);
        using var pixels = batch.Pixels;
        Drift(step =>
        {
            trainer.TakeStep([batch, batch], step);
            using var seen = trainer.Evaluate(pixels);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Generator_steps_leave_no_tensors_behind(bool checkpointing)
    {
        using var trainer = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing with { ActivationCheckpointing = checkpointing }, seed: 1);
        Drift(step =>
        {
            trainer.TakeStep([TinyTrainers.Codes(4, step)], step);
            trainer.Evaluate(TinyTrainers.Codes(4, step));
        });
    }

    [Fact]
    public void Steps_that_are_skipped_leave_no_tensors_behind()
    {
        using var trainer = TokenizerTrainer.Create(TinyTrainers.Larger, TinyTrainers.Judged, seed: 1);
        var batch = StepTests.Poisoned();
        using var pixels = batch.Pixels;
        Drift(step => Assert.True(trainer.TakeStep([batch], step).Skipped));
    }

    private static void Drift(Action<int> step)
    {
        step(1);
        step(2);
        var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var living = LivingTensors.Settled();
        for (var i = 3; i < 9; i++)
            step(i);
        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(living, Tensor.TotalCount);
    }
}
