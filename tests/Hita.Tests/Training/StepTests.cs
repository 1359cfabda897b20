using Hita.Runtime;
using Hita.Training;
using static TorchSharp.torch;

namespace Hita.Tests.Training;

/// <summary>What a step does as a whole: nothing where it must not, the same for a batch and its parts.</summary>
public sealed class StepTests
{
    [Fact]
    public void A_loss_that_is_not_a_number_changes_nothing()
    {
        using var trainer = TokenizerTrainer.Create(TinyTrainers.Larger, TinyTrainers.Judged, seed: 1);
        trainer.TakeStep([TinyTrainers.Images(2, 1, 32)], 1);
        var before = trainer.Bytes();
        var report = trainer.TakeStep([TinyTrainers.Images(2, 2, 32), Poisoned()], 2);
        Assert.True(report.Skipped);
        Assert.Contains(report.Values, static v => !double.IsFinite(v.Value));
        ResumeTests.AssertSame(before, trainer.Bytes());
        Assert.False(trainer.TakeStep([TinyTrainers.Images(2, 3, 32)], 3).Skipped);
    }

    [Fact]
    public void A_generator_that_has_gone_wrong_is_not_made_worse()
    {
        using var trainer = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing, seed: 1);
        using (no_grad())
            trainer.State["model"]["norm.weight"].fill_(TensorOps.Constant(double.PositiveInfinity));
        var before = trainer.Bytes();
        Assert.True(trainer.TakeStep([TinyTrainers.Codes(4, 1)], 1).Skipped);
        ResumeTests.AssertSame(before, trainer.Bytes());
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(2, 6)]
    public void Parts_of_a_batch_give_its_gradient(int first, int second)
    {
        var options = TinyTrainers.Plain with { Dropout = 0 };
        var whole = TinyTrainers.Images(8, seed: 3);
        using var scope = NewDisposeScope();
        using var one = TokenizerTrainer.Create(TinyTrainers.Tokenizer, options, seed: 1);
        using var two = TokenizerTrainer.Create(TinyTrainers.Tokenizer, options, seed: 1);
        var expected = one.TakeStep([whole], 1);
        var actual = two.TakeStep([new(whole.Pixels.narrow(0, 0, first), []), new(whole.Pixels.narrow(0, first, second), [])], 1);
        foreach (var name in (string[])["loss", "codebook", "grad_norm", "patch_perplexity"])
            Assert.Equal(expected.Value(name), actual.Value(name), expected.Value(name) * 1e-4);
    }

    [Fact]
    public void Parts_of_a_batch_of_codes_give_its_gradient()
    {
        var options = TinyTrainers.Writing with { Dropout = 0, ClassDropout = 0 };
        var whole = TinyTrainers.Codes(8, seed: 3);
        GeneratorBatch Part(int from, int to) => new(whole.Classes[from..to], whole.Holistic[(from * 4)..(to * 4)], whole.Patches[(from * 9)..(to * 9)]);
        using var one = GeneratorTrainer.Create(TinyTrainers.Generator, options, seed: 1);
        using var two = GeneratorTrainer.Create(TinyTrainers.Generator, options, seed: 1);
        var expected = one.TakeStep([whole], 1);
        var actual = two.TakeStep([Part(0, 3), Part(3, 8)], 1);
        Assert.Equal(expected.Value("loss"), actual.Value("loss"), 1e-5);
        Assert.Equal(expected.Value("grad_norm"), actual.Value("grad_norm"), expected.Value("grad_norm") * 1e-4);
    }

    [Fact]
    public void Images_and_codes_that_do_not_fit_are_refused()
    {
        using var scope = NewDisposeScope();
        using var tokenizer = TokenizerTrainer.Create(TinyTrainers.Tokenizer, TinyTrainers.Plain, seed: 1);
        Assert.Throws<ArgumentException>(() => tokenizer.TakeStep([], 1));
        Assert.Throws<ArgumentException>(() => tokenizer.TakeStep([new(zeros(2, 1, 16, 16), [])], 1));
        Assert.Throws<HitaException>(() => tokenizer.TakeStep([new(zeros(2, 3, 15, 16), [])], 1));
        using var generator = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing, seed: 1);
        var codes = TinyTrainers.Codes(2, 1);
        Assert.Throws<HitaException>(() => generator.TakeStep([codes with { Patches = codes.Patches[1..] }], 1));
        Assert.Throws<HitaException>(() => generator.TakeStep([codes with { Classes = [0, 5] }], 1));
        codes.Holistic[3] = 32;
        Assert.Throws<HitaException>(() => generator.TakeStep([codes], 1));
    }

    [Fact]
    public void The_average_is_put_in_and_taken_out_to_the_bit()
    {
        using var trainer = GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing, seed: 1);
        for (var step = 1; step <= 3; step++)
            trainer.TakeStep([TinyTrainers.Codes(4, step)], step);
        var before = trainer.Bytes();
        using (trainer.UseAverage())
            Assert.Equal(before["ema/output.weight"], trainer.Bytes()["model/output.weight"]);
        ResumeTests.AssertSame(before, trainer.Bytes());
        Assert.NotEqual(before["ema/output.weight"], before["model/output.weight"]);
    }

    internal static TokenizerBatch Poisoned()
    {
        var batch = TinyTrainers.Images(2, 5, 32);
        batch.Pixels.view(-1).narrow(0, 7, 1).fill_(TensorOps.Constant(double.NaN)).Dispose();
        return batch;
    }
}
