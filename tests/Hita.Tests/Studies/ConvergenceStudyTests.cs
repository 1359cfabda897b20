using Hita.Evaluation.Runs;
using Hita.Runtime;
using Hita.Studies.Convergence;
using Hita.Tests.Evaluation.Runs;
using Hita.Tests.Support;
using Hita.Tests.Training;
using Hita.Tokenization;

namespace Hita.Tests.Studies;

/// <summary>The study of how fast generators learn: what it computes, and once on small ones.</summary>
public sealed class ConvergenceStudyTests
{
    [Fact]
    public void A_curve_reaches_a_value_between_its_points()
    {
        (long, double)[] falling = [(100, 50), (200, 30), (300, 10)];
        Assert.Equal(250, ConvergenceReport.Reached(falling, 20, isLower: true));
        Assert.Equal(100, ConvergenceReport.Reached(falling, 60, isLower: true));
        Assert.Equal(double.PositiveInfinity, ConvergenceReport.Reached(falling, 5, isLower: true));
        Assert.Equal(150, ConvergenceReport.Reached([(100, 0.2), (200, 0.6)], 0.4, isLower: false));
    }

    [Fact]
    public void Speedups_are_by_seed_and_say_where_nothing_was_reached()
    {
        var report = new ConvergenceReport(
            "r.yaml", [], 200, 10, 1, "fd-x", null, ["a", "b"],
            [Row("a", 0, 100, 20, 2), Row("a", 0, 200, 10, 2), Row("b", 0, 100, 30, 1), Row("b", 0, 200, 20, 1), Row("a", 1, 100, 9, 2), Row("a", 1, 200, 8, 2), Row("b", 1, 100, 7, 1), Row("b", 1, 200, 6, 1)]);
        Assert.Equal([(0, 2.0, 1.0), (1, 0.0, 0.0)], report.Speedups(static r => r.Distance, isLower: true));
        var text = report.Markdown();
        Assert.Contains("seed 0: 2.00 × by steps, 1.00 × by time; seed 1: not reached", text, StringComparison.Ordinal);
        Assert.Contains("| 100 | 14.50 ± 7.78 | 18.50 ± 16.26 |", text, StringComparison.Ordinal);
        // A seed without its end has no place in the comparison, and where times are missing none are told.
        var part = report with { Rows = [.. report.Rows.SkipLast(1).Select(static r => r with { StepSeconds = double.NaN })] };
        Assert.Equal([0], part.Speedups(static r => r.Distance, isLower: true).Select(static s => s.Seed));
        Assert.Contains("seed 0: 2.00 × by steps\n", part.Markdown(), StringComparison.Ordinal);
        Assert.Contains("| 200 | 9.00 ± 1.41 | 20.00 (1) |", part.Markdown(), StringComparison.Ordinal);
        Assert.Equal(["distance-steps.svg"], part.Plots().Select(static p => p.Key));
        // What was not measured has no plot, and the page names none.
        var seen = part with { Rows = [.. part.Rows.Select(static r => r with { Agreement = 0.5 })] };
        Assert.Equal(["distance-steps.svg", "agreement-steps.svg"], seen.Plots().Select(static p => p.Key));
        Assert.DoesNotContain("agreement-steps.svg", part.Markdown(), StringComparison.Ordinal);
        Assert.All(seen.Plots(), static p => Assert.Contains("<svg", p.Value, StringComparison.Ordinal));

        static ConvergenceRow Row(string arm, int seed, long step, double distance, double seconds) => new(arm, seed, step, 5, distance, double.NaN, seconds, 8);
    }

    [Fact]
    public void What_cannot_be_compared_is_refused()
    {
        Assert.Contains("--arm", Assert.Throws<HitaException>(static () => ConvergenceArm.Parse("one=two")).Message, StringComparison.Ordinal);
        Assert.Equal(new ConvergenceArm("one", "t", "c"), ConvergenceArm.Parse("one=t,c"));
        var same = new ConvergenceStudy { RecipeFile = "r.yaml", Output = "o", Arms = [new("a", "t", "c"), new("a", "t", "c")] };
        Assert.Contains("different names", Assert.Throws<HitaException>(() => same.Run(static _ => { }, default)).Message, StringComparison.Ordinal);
        var set = same with { Arms = [new("a", "t", "c"), new("b", "t", "c")], Sets = ["seed=3"] };
        Assert.Contains("--seeds", Assert.Throws<HitaException>(() => set.Run(static _ => { }, default)).Message, StringComparison.Ordinal);
        Assert.Equal([25, 50, 75, 103], (same with { Steps = 103, Points = 4 }).Marks());
    }

    [Fact]
    public void Samples_that_two_evaluations_look_at_are_made_once()
    {
        using var folder = new TemporaryFolder();
        using var source = new ColourSource(7, classes: 3, side: 16);
        var origin = SampleOrigin.From(ImageSeries.Source(source, 16, 0));
        using (var kept = new KeptSamples(folder["samples.npz"]))
        {
            // The middle alone is not kept.
            Assert.Equal(4, Read(kept.Of(origin), 3).Count);
            Assert.False(File.Exists(folder["samples.npz"]));
            var first = Read(kept.Of(origin), 0);
            var reads = source.Reads;
            Assert.Equal(first, Read(kept.Of(origin), 0));
            Assert.Equal(first.Skip(3), Read(kept.Of(origin), 3));
            Assert.Equal(reads, source.Reads);
        }
        Assert.Empty(Directory.EnumerateFiles(folder.Path));

        static List<string> Read(SampleOrigin samples, int first) =>
            [.. samples.Read(first, 3, default).SelectMany(static b => b.Images.Zip(b.Classes, static (image, c) => $"{c} {Convert.ToHexString(image.Pixels)}"))];
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Both_generators_are_trained_in_turn_and_a_study_that_was_stopped_goes_on()
    {
        using var folder = new TemporaryFolder();
        var arms = new[] { Arm(folder, "holistic", isHolistic: true), Arm(folder, "vanilla", isHolistic: false) };
        var study = new ConvergenceStudy
        {
            RecipeFile = Path.Combine(TestFiles.Root, "recipes", "materials-generator.yaml"),
            Sets =
            [
                "model.architecture.width=32", "model.architecture.layers=1", "model.architecture.heads=2", "schedule.batch_size=4",
                "validation.count=4", "training.optimizer.warmup_steps=1", "compute.readers=1",
            ],
            Arms = arms,
            Output = folder["study"],
            Steps = 6,
            Points = 3,
            Samples = 4,
        };
        using var stop = new CancellationTokenSource();
        var said = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => study.Run(
            line =>
            {
                if (line.StartsWith("vanilla-seed0: from step 2", StringComparison.Ordinal) && said++ == 0)
                    stop.Cancel();
            },
            stop.Token));
        // The rest of one arm is trained apart; the study measures what it finds and trains what is missing.
        study.Train(["vanilla"], static _ => { }, TestContext.Current.CancellationToken);
        Assert.Contains("holistic and vanilla", Assert.Throws<HitaException>(() => study.Train(["other"], static _ => { }, default)).Message, StringComparison.Ordinal);
        var report = study.Run(static line => Assert.DoesNotContain("vanilla-seed0: from step", line, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Equal([("holistic", 2), ("vanilla", 2), ("holistic", 4), ("vanilla", 4), ("holistic", 6), ("vanilla", 6)], report.Rows.Select(static r => (r.Arm, r.Step)));
        Assert.All(report.Rows, static r => Assert.True(r.NatsPerImage > 0));
        Assert.Equal([72, 64], report.Rows.Take(2).Select(static r => r.Tokens));
        // What is there is not trained again.
        var again = study.Run(static line => Assert.DoesNotContain("from step", line, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Equal(report.Rows.Select(static r => r.NatsPerImage), again.Rows.Select(static r => r.NatsPerImage));
    }

    private static ConvergenceArm Arm(TemporaryFolder folder, string name, bool isHolistic)
    {
        var config = TinyTrainers.Tokenizer with { ImageSize = 16 };
        using var tokenizer = ImageTokenizer.Create(isHolistic ? config : config with { Holistic = null }, 1);
        tokenizer.Save(folder[name]);
        return new ConvergenceArm(name, folder[name], "materials:0:0..16");
    }
}
