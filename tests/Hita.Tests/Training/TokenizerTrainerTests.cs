using Hita.Training;

namespace Hita.Tests.Training;

public sealed class TokenizerTrainerTests
{
    [Fact]
    public void Reconstruction_improves()
    {
        using var trainer = TokenizerTrainer.Create(TinyTrainers.Tokenizer, TinyTrainers.Plain, seed: 1);
        var batch = TinyTrainers.Images(8, seed: 1);
        using var pixels = batch.Pixels;
        var first = trainer.TakeStep([batch], 1).Value("reconstruction");
        StepReport last = null!;
        for (var step = 2; step <= 40; step++)
            last = trainer.TakeStep([batch], step);
        Assert.False(last.Skipped);
        Assert.True(last.Value("reconstruction") < 0.5 * first, $"{first} became {last.Value("reconstruction")}");
        Assert.InRange(last.Value("patch_usage"), 1.0 / 32, 1);
        Assert.InRange(last.Value("holistic_perplexity"), 1, 32);
    }
}
