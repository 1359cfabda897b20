using Hita.Evaluation.Reports;
using Hita.Runtime;
using Hita.Studies;
using Hita.Studies.Shift;
using Hita.Tests.Support;

namespace Hita.Tests.Studies;

/// <summary>The study of the shift k: what it reads and asks for, and once on a small tokenizer.</summary>
public sealed class ShiftStudyTests
{
    private static readonly string[] Small =
    [
        "model.architecture.image_size=16", "model.architecture.channel_multipliers=[1,1]", "model.architecture.latent_channels=32",
        "model.architecture.codebook_size=32", "model.architecture.holistic.token_count=8", "model.architecture.holistic.width=32",
        "model.architecture.holistic.depth=1", "model.architecture.holistic.heads=2", "model.architecture.holistic.head_width=16",
        "model.architecture.holistic.mlp_width=48", "schedule.batch_size=4", "validation.count=4", "samples.count=2", "compute.readers=1",
        "training.optimizer.warmup_steps=1", "training.codebook.usage_window=64", "validation.every=2",
    ];

    [Fact]
    public void Metrics_are_read_by_name_without_gaps_and_without_a_cut_end()
    {
        var metrics = RunMetrics.Parse(
            [
                """{"step":1,"loss":3,"holistic_usage":0.5}""",
                """{"step":2,"loss":null,"skipped":true}""",
                """{"step":3,"loss":1,"holistic_usage":0.25,"validation_psnr":20}""",
                """{"step":4,"lo""",
            ],
            "metrics.jsonl");
        Assert.Equal(3, metrics.LastStep);
        Assert.Equal([(1, 3), (3, 1)], metrics["loss"]);
        Assert.Equal([(3, 20)], metrics["validation_psnr"]);
        Assert.Equal(0.25, metrics.Last("holistic_usage"));
        Assert.True(double.IsNaN(metrics.Last("patch_usage")));
    }

    [Fact]
    public void A_broken_line_and_an_empty_file_are_named()
    {
        var broken = Assert.Throws<CheckpointException>(() => RunMetrics.Parse(["""{"step":1}""", "no", """{"step":3}"""], "metrics.jsonl"));
        Assert.Contains("line 2", broken.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => RunMetrics.Parse([], "metrics.jsonl"));
    }

    [Fact]
    public void Thinned_values_keep_the_last()
    {
        var metrics = RunMetrics.Parse([.. Enumerable.Range(1, 1001).Select(static i => $$"""{"step":{{i}},"loss":{{i}}}""")], "metrics.jsonl");
        var thin = metrics.Thinned("loss", 300);
        Assert.InRange(thin.Count, 150, 300);
        Assert.Equal((1001, 1001), thin[^1]);
    }

    [Fact]
    public void Lists_of_numbers_are_read_and_refused()
    {
        Assert.Equal([0, 4, 50], StudyShell.Numbers("--shifts", "0,4,50,4"));
        foreach (var wrong in new[] { "", "0;4", "-1", "0,,4", "four" })
            Assert.Contains("--shifts", Assert.Throws<HitaException>(() => StudyShell.Numbers("--shifts", wrong)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_study_varies_cannot_be_set()
    {
        var study = Study("nowhere", 3) with { Sets = [.. Small, "model.architecture.holistic.shift=2"] };
        Assert.Contains("--shifts", Assert.Throws<HitaException>(() => study.Run(static _ => { }, default)).Message, StringComparison.Ordinal);
        var recipe = Study("nowhere", 40).Recipe(2, 7);
        Assert.Equal((2, 7, 40, 2), (recipe.Model.Architecture.Holistic!.Shift, recipe.Training.Codebook.RevivalInterval, recipe.Schedule.Steps, recipe.Validation.Every));
    }

    [Fact]
    public void Plots_of_several_series_have_a_legend_and_stand_alone()
    {
        var svg = PagePlots.Standalone(PagePlots.Lines([new("k = 0", [(1, 2), (2, 3)]), new("k < 4", [(1, 5), (2, 4)])], "step", "usage"));
        var document = System.Xml.Linq.XDocument.Parse(svg);
        Assert.Equal("http://www.w3.org/2000/svg", document.Root!.Name.NamespaceName);
        Assert.Equal(["k = 0", "k < 4"], document.Descendants().Where(static e => e.Name.LocalName == "text" && e.Value.StartsWith('k')).Select(static e => e.Value));
        Assert.Equal(2, document.Descendants().Count(static e => e.Name.LocalName == "polyline"));
        Assert.Contains(document.Descendants(), static e => e.Name.LocalName == "style");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void The_shift_study_trains_each_combination_once_and_goes_on_where_it_stopped()
    {
        using var folder = new TemporaryFolder();
        var study = Study(folder.Path, 4) with { Revivals = [0, 3] };
        using (var stop = new CancellationTokenSource())
        {
            // Stopped in the second run.
            Assert.ThrowsAny<OperationCanceledException>(() => study.Run(line => { if (line.StartsWith("k2: 4 steps", StringComparison.Ordinal)) stop.Cancel(); }, stop.Token));
        }
        var told = new List<string>();
        var report = study.Run(told.Add, CancellationToken.None);
        Assert.DoesNotContain(told, static t => t.StartsWith("k0: 4 steps", StringComparison.Ordinal));
        Assert.Equal(["k0", "k2", "k0-revival3", "k2-revival3"], report.Rows.Select(static r => r.Name));
        Assert.All(report.Rows, static r =>
        {
            Assert.Equal((4, 6), (r.Steps, r.Swap.Images));
            Assert.InRange(r.HolisticUsage, 1.0 / 32, 1);
            Assert.True(double.IsFinite(r.ValidationPsnr) && double.IsFinite(r.Swap.Own));
        });
        // What is swapped is what is told: with equal patches, another image's holistic codes decode to something else.
        Assert.Contains(report.Rows, static r => r.Swap.HolisticSwapped != r.Swap.Own);
        Assert.Equal(3, report.Plots().Count());
        Assert.Contains("| 2 | 3 |", report.Markdown(), StringComparison.Ordinal);

        var longer = Assert.Throws<HitaException>(() => (study with { Steps = 5 }).Run(static _ => { }, default));
        Assert.Contains("4 steps", longer.Message, StringComparison.Ordinal);
        var other = Assert.Throws<HitaException>(() => (study with { Sets = [.. Small, "seed=3"] }).Run(static _ => { }, default));
        Assert.Contains("seed", other.Message, StringComparison.Ordinal);
    }

    private static ShiftStudy Study(string folder, int steps) => new()
    {
        RecipeFile = Path.Combine(TestFiles.Root, "recipes", "materials-tokenizer.yaml"),
        Sets = Small,
        Output = folder,
        Steps = steps,
        Shifts = [0, 2],
        Scenes = 6,
    };
}
