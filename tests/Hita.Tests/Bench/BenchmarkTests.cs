using Hita.Bench;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization.Model;

namespace Hita.Tests.Bench;

[Collection(Alone.Name)]
public sealed class BenchmarkTests
{
    private static readonly BenchOptions Tiny = new()
    {
        Parts = Enum.GetValues<BenchPart>(),
        Generators = ["tiny"],
        Tokenizer = "tiny",
        StepBatches = [1, 3],
        Clients = [1, 3],
        Seconds = 0.01,
        Threads = 2,
    };

    [Fact]
    public void Every_part_is_measured_beside_its_floor_and_the_framework()
    {
        var stages = new List<string>();
        var seen = new List<BenchLine>();
        var report = Benchmark.Run(Tiny, seen.Add, stages.Add, TestContext.Current.CancellationToken);
        Assert.Equal(seen, report.Lines);
        Assert.NotEmpty(stages);
        Assert.Empty(report.Skipped);
        Assert.Equal(2, report.Threads);
        Assert.True(report.PeakMemoryBytes > 1 << 20);
        Assert.Equal(Enum.GetValues<BenchPart>(), report.Lines.Select(static l => l.Part).Distinct());
        Assert.All(report.Lines, static l => Assert.True(l.Value > 0 && double.IsFinite(l.Value), l.ToString()));
        Assert.All(report.Lines.Where(static l => l.Floor is not null), static l => Assert.Equal(l.Floor!.Value / l.Value, l.Fraction!.Value, 1e-9));

        // Three precisions and the framework for each batch, and known codes in three precisions.
        var steps = report.Lines.Where(static l => l.Part == BenchPart.Steps).ToList();
        Assert.Equal(11, steps.Count);
        Assert.Equal(3, steps.Count(static l => l.What == "tiny, known codes of 1 guided image"));
        Assert.All(steps.Where(static l => l.With.StartsWith("engine", StringComparison.Ordinal)), static l => Assert.Contains("0 bytes allocated", l.Note, StringComparison.Ordinal));
        Assert.All(steps, static l => Assert.NotNull(l.Speedup));
        Assert.Equal(3, report.Lines.Count(static l => l.Part == BenchPart.Decode));
        var serving = report.Lines.Where(static l => l.Part == BenchPart.Serve).ToList();
        Assert.Equal(["one by one", "1 client", "3 clients", "3 clients, 4 previews wanted"], serving.Select(static l => l.With));
        Assert.All(serving, static l => Assert.Contains("images a minute", l.Note, StringComparison.Ordinal));
        Assert.All(serving, static l => Assert.NotNull(l.Floor));
        Assert.Equal(11, report.Lines.Count(static l => l.Part == BenchPart.Images));
        // Two precisions for each batch: first sampling, then decoding.
        var device = report.Lines.Where(static l => l.Part == BenchPart.Device).ToList();
        Assert.Equal(8, device.Count);
        Assert.All(device.Take(4), static l => Assert.Contains("the same codes in each run", l.Note, StringComparison.Ordinal));
    }

    [Fact]
    public void Parts_are_chosen_and_the_framework_can_be_left_out()
    {
        var report = Benchmark.Run(
            Tiny with { Parts = [BenchPart.Decode, BenchPart.Steps], Framework = false, StepBatches = [1] }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["engine float32", "engine bf16", "engine int8", "engine float32", "engine bf16", "engine int8", "channels-last float32", "channels-last bf16"], report.Lines.Select(static l => l.With));
        Assert.All(report.Lines, static l => Assert.Null(l.Speedup));
    }

    [Fact]
    public void What_does_not_fit_is_left_out_and_said()
    {
        // Far more rows than any memory has caches for.
        var report = Benchmark.Run(
            Tiny with { Parts = [BenchPart.Steps, BenchPart.Images], Generators = ["llamagen-7b"], StepBatches = [1024] }, cancellation: TestContext.Current.CancellationToken);
        Assert.Empty(report.Lines);
        Assert.Equal(2, report.Skipped.Count);
        Assert.Contains("needs", report.Skipped[0], StringComparison.Ordinal);
        Assert.Contains("does not write the codes of tiny", report.Skipped[1], StringComparison.Ordinal);
        Assert.Contains("Left out", BenchMarkdown.Write(report), StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_options_are_all_named()
    {
        var options = Tiny with { Generators = ["huge"], Tokenizer = "none", StepBatches = [0], Clients = [0], Seconds = double.NaN, Threads = -1, Parts = [] };
        Assert.Equal(7, Assert.Throws<ConfigException>(options.Validate).Faults.Count);
    }

    [Fact]
    public void Operations_are_those_of_the_design()
    {
        // Counted by hand for the published architecture at 336 pixels, the convolutional parts alone.
        Assert.True(TokenizerPresets.TryGet("hita-v", out var config));
        Assert.InRange(ImageOperations.CnnDecode(config) / 1e9, 430, 444);
        Assert.InRange(ImageOperations.Encode(config with { Holistic = null }) / 1e9, 236, 244);
        Assert.True(ImageOperations.Encode(config) > ImageOperations.Encode(config with { Holistic = null }) + 150e9);
    }

    [Fact]
    public void A_page_holds_every_figure()
    {
        using var folder = new TemporaryFolder();
        var report = Benchmark.Run(Tiny with { Parts = [BenchPart.Machine] }, cancellation: TestContext.Current.CancellationToken);
        BenchMarkdown.Save(folder["page.md"], report, "hita bench");
        var page = File.ReadAllText(folder["page.md"]);
        Assert.Contains("`hita bench`", page, StringComparison.Ordinal);
        Assert.All(report.Lines, l => Assert.Contains($"| {l.What} | {l.With} | {BenchMarkdown.Cells(l)[2]} |", page, StringComparison.Ordinal));
        // A file cannot hold a page.
        Assert.ThrowsAny<HitaException>(() => BenchMarkdown.Save(folder["page.md/page.md"], report));
    }
}
