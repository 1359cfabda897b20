using Hita.Tests.Support;
using Hita.Tests.Training.Runs;

namespace Hita.Tests.Distributed;

/// <summary>Ranks that train together do what one process does.</summary>
public sealed class RankedTrainingTests
{
    // Sums in another order differ in their last bits, of which a loss of float32 has 24.
    private const double Rounding = 1e-5;

    // A code that is chosen the other way, where two are equally near, changes an image; training carries on from there.
    private const double Flipped = 3e-2;

    [Fact]
    public void A_rank_alone_is_one_process_to_the_bit_and_two_ranks_are_up_to_rounding()
    {
        Ranks.SkipWithout();
        using var runs = new RankedRuns(steps: 4, every: 4);
        runs.Train(0, "tokenizer", "tokenizer", Plain);
        runs.Train(1, "tokenizer", "one", Plain);
        TinyRuns.RequireEqual(runs["tokenizer"], runs["one"], 4);
        runs.Train(2, "tokenizer", "two", Plain);
        RequireClose(runs, "tokenizer", "two", Rounding);
        Assert.All(runs.Values("two", "exchange_seconds"), static s => Assert.True(s > 0));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void With_a_discriminator_and_revived_codes_four_ranks_do_what_one_process_does()
    {
        Ranks.SkipWithout();
        using var runs = new RankedRuns(steps: 4, every: 4);
        runs.Train(0, "tokenizer", "tokenizer");
        runs.Train(4, "tokenizer", "four");
        foreach (var value in (string[])["loss", "adversarial", "discriminator", "discriminator_grad_norm", "patch_usage", "holistic_perplexity"])
            RequireClose(runs, "tokenizer", "four", Rounding, value, from: value is "adversarial" or "discriminator" ? 3 : 1);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_hundred_steps_of_both_stages_agree_on_one_two_and_four_ranks_and_after_a_resume_on_another_number()
    {
        Ranks.SkipWithout();
        using var runs = new RankedRuns(steps: 100, every: 50);
        foreach (var (stage, bound) in ((string, double)[])[("tokenizer", Flipped), ("generator", Rounding)])
        {
            var plain = stage == "tokenizer" ? Plain : [];
            runs.Train(0, stage, stage, plain);
            foreach (var ranks in (int[])[2, 4])
            {
                runs.Train(ranks, stage, $"{stage}-{ranks}", plain);
                RequireClose(runs, stage, $"{stage}-{ranks}", bound);
                RequireClose(runs, stage, $"{stage}-{ranks}", Rounding, until: 20);
            }
            runs.Train(4, stage, $"{stage}-mixed", [.. plain, "--set", "schedule.steps=50"]);
            runs.Train(2, stage, $"{stage}-mixed", [.. plain, "--resume"]);
            RequireClose(runs, stage, $"{stage}-mixed", bound);
        }
    }

    [Theory]
    [InlineData("schedule.batch_size=6", "A step of 6 images cannot be shared out to 4 ranks evenly; set schedule.batch_size to a multiple of 4, such as 4.")]
    public void What_cannot_be_shared_out_is_said(string set, string sentence)
    {
        Ranks.SkipWithout();
        using var runs = new RankedRuns(steps: 4, every: 4);
        var (code, output, error) = Ranks.Run(4, runs.Arguments("tokenizer", "run", "--set", set, "--set", "schedule.accumulation=2"));
        Assert.Equal(1, code);
        // More than once where a rank finds it before rank 0 does.
        Assert.Contains(sentence, output + error, StringComparison.Ordinal);
    }

    private static string[] Plain => ["--set", "training.discriminator=null"];

    private static void RequireClose(RankedRuns runs, string run, string other, double bound, string value = "loss", int from = 1, int until = int.MaxValue)
    {
        var (expected, found) = (runs.Values(run, value, from), runs.Values(other, value, from));
        Assert.Equal(expected.Length, found.Length);
        var worst = expected.Zip(found, static (a, b) => Math.Abs(a - b) / Math.Max(Math.Abs(a), 1e-6)).Take(until).Max();
        TestContext.Current.SendDiagnosticMessage($"{value} of {run} and {other}: {worst:e2}");
        Assert.True(worst <= bound, $"{value} of {run} and {other} differ by {worst:e2}");
    }
}
