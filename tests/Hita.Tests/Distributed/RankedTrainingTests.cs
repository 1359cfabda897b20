using System.Text.Json;
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
        runs.Train(2, "tokenizer", "pieces", [.. Plain, .. Sharded]);
        TinyRuns.RequireEqual(runs["two"], runs["pieces"], 4);
    }

    [Theory]
    [InlineData("tokenizer", 2)]
    [InlineData("tokenizer", 4)]
    [InlineData("generator", 2)]
    [InlineData("generator", 4)]
    [Trait("Category", "Slow")]
    public void A_sharded_optimizer_learns_the_same_to_the_bit(string stage, int ranks)
    {
        Ranks.SkipWithout();
        using var runs = new RankedRuns(steps: 8, every: 4);
        if (stage == "generator")
            runs.Train(0, "tokenizer", "tokenizer", [.. Plain, "--set", "schedule.steps=2"]);
        // With a discriminator, revived codes, a clipped gradient and one that is not.
        foreach (var clip in (string[])["0.01", "1000"])
        {
            string[] set = ["--set", $"training.optimizer.clip_norm={clip}", "--set", "validation.every=3"];
            runs.Train(ranks, stage, $"whole-{clip}", set);
            runs.Train(ranks, stage, $"pieces-{clip}", [.. set, .. Sharded]);
            TinyRuns.RequireEqual(runs[$"whole-{clip}"], runs[$"pieces-{clip}"], 8);
            Assert.Equal(Validation(runs, $"whole-{clip}"), Validation(runs, $"pieces-{clip}"));
        }
        // One process, which has no pieces, clips by a norm that is added up in another order.
        runs.Train(0, stage, "one", "--set", "training.optimizer.clip_norm=0.01");
        RequireClose(runs, "one", "pieces-0.01", Rounding);
    }

    [Theory]
    [InlineData("tokenizer")]
    [InlineData("generator")]
    [Trait("Category", "Slow")]
    public void A_sharded_run_goes_on_on_other_ranks_with_and_without_pieces(string stage)
    {
        Ranks.SkipWithout();
        using var runs = new RankedRuns(steps: 8, every: 4);
        if (stage == "generator")
            runs.Train(0, "tokenizer", "tokenizer", [.. Plain, "--set", "schedule.steps=2"]);
        var bound = stage == "tokenizer" ? Flipped : Rounding;
        runs.Train(2, stage, "straight", Sharded);
        runs.Train(4, stage, "begun", [.. Sharded, "--set", "schedule.steps=4"]);
        foreach (var (ranks, sharded) in ((int, bool)[])[(0, false), (2, true), (2, false), (4, true)])
        {
            var run = $"on-{ranks}-{sharded}";
            CopyFolder(runs["begun"], runs[run]);
            runs.Train(ranks, stage, run, "--resume", "--set", "schedule.steps=8", "--set", $"distributed.shard_optimizer={(sharded ? "true" : "false")}");
            RequireClose(runs, "straight", run, bound);
        }
        TinyRuns.RequireEqual(runs["on-2-True"], runs["on-2-False"], 8);
        // And the other way round.
        runs.Train(2, stage, "whole", "--set", "schedule.steps=4");
        CopyFolder(runs["whole"], runs["whole-4"]);
        runs.Train(4, stage, "whole-4", ["--resume", "--set", "schedule.steps=8", .. Sharded]);
        RequireClose(runs, "straight", "whole-4", bound);
        runs.Train(2, stage, "whole", ["--resume", "--set", "schedule.steps=8", .. Sharded]);
        TinyRuns.RequireEqual(runs["straight"], runs["whole"], 8);
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
    public void Gradients_that_travel_in_bfloat16_learn_nearly_the_same_with_and_without_pieces()
    {
        Ranks.SkipWithout();
        using var runs = new RankedRuns(steps: 8, every: 8);
        runs.Train(0, "tokenizer", "tokenizer", [.. Plain, "--set", "schedule.steps=2"]);
        string[] rounded = ["--set", "distributed.gradient_precision=bfloat16"];
        runs.Train(3, "generator", "float32", [.. Three]);
        runs.Train(3, "generator", "rounded", [.. Three, .. rounded]);
        runs.Train(3, "generator", "pieces", [.. Three, .. rounded, .. Sharded]);
        TinyRuns.RequireEqual(runs["rounded"], runs["pieces"], 8);
        // A gradient is a sum of many that are rounded to 8 bits each.
        RequireClose(runs, "float32", "rounded", 1e-2, "grad_norm");
        Assert.NotEqual(runs.Values("float32", "grad_norm"), runs.Values("rounded", "grad_norm"));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Batch_normalisation_over_two_ranks_is_that_of_one_process_over_the_whole_batch()
    {
        Ranks.SkipWithout();
        using var runs = new RankedRuns(steps: 4, every: 4);
        // Dropout is a function of a part's number, and there are two parts here and one there; slowly, so that no code is chosen the other way.
        string[] set = [
            "--set", "training.dropout=0", "--set", "training.optimizer.learning_rate=1e-5", "--set", "training.codebook.revival_interval=0",
            "--set", "training.discriminator.start_step=1", "--set",
        ];
        runs.Train(0, "tokenizer", "tokenizer", [.. set, "schedule.accumulation=1"]);
        runs.Train(2, "tokenizer", "apart", [.. set, "schedule.accumulation=2"]);
        runs.Train(2, "tokenizer", "together", [.. set, "schedule.accumulation=2", "--set", "distributed.sync_batch_norm=true"]);
        foreach (var value in (string[])["loss", "adversarial", "discriminator", "discriminator_grad_norm"])
            RequireClose(runs, "tokenizer", "together", Rounding, value);
        var (whole, parts) = (runs.Values("tokenizer", "discriminator_grad_norm"), runs.Values("apart", "discriminator_grad_norm"));
        Assert.Contains(whole.Zip(parts), static p => Math.Abs(p.First - p.Second) > 1e-3 * p.First);
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

    private static string[] Three => ["--set", "schedule.batch_size=6", "--set", "schedule.accumulation=3"];

    private static string[] Sharded => ["--set", "distributed.shard_optimizer=true"];

    private static string[] Plain => ["--set", "training.discriminator=null"];

    private static string[] Validation(RankedRuns runs, string run) =>
        [.. File.ReadLines(runs[Path.Combine(run, "metrics.jsonl")]).SelectMany(static l => JsonDocument.Parse(l).RootElement.EnumerateObject()).Where(static p => p.Name.StartsWith("validation_", StringComparison.Ordinal)).Select(static p => $"{p.Name}={p.Value}")];

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static void RequireClose(RankedRuns runs, string run, string other, double bound, string value = "loss", int from = 1, int until = int.MaxValue)
    {
        var (expected, found) = (runs.Values(run, value, from), runs.Values(other, value, from));
        Assert.Equal(expected.Length, found.Length);
        var worst = expected.Zip(found, static (a, b) => Math.Abs(a - b) / Math.Max(Math.Abs(a), 1e-6)).Take(until).Max();
        TestContext.Current.SendDiagnosticMessage($"{value} of {run} and {other}: {worst:e2}");
        Assert.True(worst <= bound, $"{value} of {run} and {other} differ by {worst:e2}");
    }
}
