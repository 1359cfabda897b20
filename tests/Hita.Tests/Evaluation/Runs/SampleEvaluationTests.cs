using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Generation;
using Hita.Metrics.Archives;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Evaluation.Runs;

public sealed class SampleEvaluationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_that_is_stopped_and_taken_up_again_gives_the_same_report_to_the_bit()
    {
        var archive = Archive("samples.npz", [.. Enumerable.Range(0, 50)]);
        using var features = FakeFeatures.Source();
        var straight = Run(archive, null, features, Options("straight"));
        Assert.False(File.Exists(_folder["straight/state.safetensors"]));
        using var stop = new CancellationTokenSource();
        var stopAfterThree = new Told(p =>
        {
            if (p.Done == 24)
                stop.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Run(archive, null, features, Options("resumed"), stopAfterThree, stop.Token));
        Assert.True(File.Exists(_folder["resumed/state.safetensors"]));
        Assert.False(File.Exists(_folder["resumed/report.json"]));
        var firsts = new List<long>();
        var resumed = Run(archive, null, features, Options("resumed"), new Told(p => firsts.Add(p.Done)));
        Assert.Equal(24, firsts[0]);
        Assert.Equal(straight.Metrics, resumed.Metrics);
        Assert.Equal(straight.Samples, resumed.Samples);
        Assert.False(File.Exists(_folder["resumed/state.safetensors"]));
        Assert.Contains("Samples", File.ReadAllText(_folder["resumed/index.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_state_of_another_evaluation_is_refused_unless_it_is_thrown_away()
    {
        var archive = Archive("samples.npz", [.. Enumerable.Range(0, 20)]);
        using var features = FakeFeatures.Source();
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Run(archive, null, features, Options("out"), new Told(p => stop.Cancel()), stop.Token));
        var other = Options("out") with { Protocol = EvaluationProtocols.Adm };
        Assert.Contains("--restart", Assert.Throws<HitaException>(() => Run(archive, null, features, other)).Message, StringComparison.Ordinal);
        Assert.Equal("adm", Run(archive, null, features, other with { Restart = true }).Protocol.Name);
    }

    [Fact]
    public void Stored_order_changes_the_inception_score_of_the_published_protocol_only_when_it_groups_classes()
    {
        int[] mixed = [.. Enumerable.Range(0, 60)];
        int[] sorted = [.. mixed.OrderBy(static i => i % 3)];
        using var features = FakeFeatures.Source();
        var published = EvaluationProtocols.Published with { SplitSize = 20, Size = 0 };
        var (a, b) = (Score("mixed", mixed, published), Score("sorted", sorted, published));
        Assert.True(Math.Abs(a - b) > 0.05 * a, $"{a} and {b}");
        var (c, d) = (Score("mixed2", mixed, EvaluationProtocols.Adm with { SplitSize = 20, Size = 0 }), Score("sorted2", sorted, EvaluationProtocols.Adm with { SplitSize = 20, Size = 0 }));
        Assert.InRange(Math.Abs(c - d) / c, 0, 0.04);

        double Score(string name, int[] order, EvaluationProtocol protocol) =>
            Run(Archive($"{name}.npz", order), null, features, Options(name) with { Protocol = protocol }).Find("inception_score")!.Value;
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_set_has_no_distance_to_itself_in_any_order_and_statistics_give_what_images_give()
    {
        int[] order = [.. Enumerable.Range(0, 300)];
        using var features = FakeFeatures.Source();
        var (samples, shuffled) = (Archive("a.npz", order), Archive("b.npz", [.. order.Reverse()]));
        var same = Run(samples, ReferenceInput.Archive(shuffled, 0), features, Options("same"));
        Assert.InRange(same.Find("fid")!.Value, 0, 1e-3);
        Assert.InRange(same.Find("sfid")!.Value, 0, 1e-3);
        Assert.Equal(1, same.Find("precision")!.Value);
        Assert.Equal(1, same.Find("recall")!.Value);
        Assert.Equal(3, same.FidByCount.Count);
        var other = Archive("c.npz", [.. Enumerable.Range(300, 200).Select(static i => 3 * i)]);
        var apart = Run(other, ReferenceInput.Archive(samples, 0), features, Options("apart"));
        Assert.True(apart.Find("fid")!.Value > 0.1);
        var statistics = new SampleStatisticsFile(_folder["reference.npz"], samples);
        var ready = Run(other, ReferenceInput.Archive(statistics.Path, 0), features, Options("ready"));
        Assert.Equal(apart.Find("fid")!.Value, ready.Find("fid")!.Value, 1e-6);
        Assert.Null(ready.Find("precision"));
        Assert.Contains(ready.Unmeasured, static u => u.Reason.Contains("arr_0", StringComparison.Ordinal));
        Assert.NotNull(ReportComparison.Difference(apart, ready));
    }

    [Fact]
    public void Without_weights_the_report_says_what_to_fetch_and_the_rest_is_measured()
    {
        using var pipeline = NamedModel.OpenPipeline("tiny", "tiny");
        using var features = FeatureSource.Without("The weights are not there.");
        var origin = new GeneratorOrigin(pipeline, "tiny", EvaluationProtocols.Hita, 12, new GenerationRequest { Classes = [0], BatchSize = 5 });
        var report = SampleEvaluation.Run(origin, null, features, Options("out") with { BatchSize = 4 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Null(report.Find("inception_score"));
        Assert.True(report.Find("holistic_usage")!.Value > 0);
        Assert.Equal("The weights are not there.", report.Unmeasured[0].Reason);
        Assert.Equal(12, report.Samples.Count);
        Assert.Equal(2, report.Models.Count);
        Assert.Equal(report.Metrics, EvaluationReport.Load(_folder["out"]).Metrics);
        // Samples are the same whatever is sampled together.
        var again = SampleEvaluation.Run(
            new GeneratorOrigin(pipeline, "tiny", EvaluationProtocols.Hita, 12, new GenerationRequest { Classes = [0], BatchSize = 3 }),
            null, features, Options("again"), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(report.Samples.Hash, again.Samples.Hash);
    }

    [Fact]
    public void Weights_that_are_named_but_not_there_are_an_error_and_absent_ones_a_sentence()
    {
        Assert.Contains("weights-inception-2015-12-05-6726825d.pth", Assert.Throws<HitaException>(() => FeatureSource.Open(_folder["nowhere"])).Message, StringComparison.Ordinal);
        using var perceptual = PerceptualSource.Open(_folder.Path);
        Assert.False(perceptual.IsPresent);
        Assert.Contains("vgg16", perceptual.Absence, StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_options_and_references_are_refused()
    {
        Assert.Equal(2, Assert.Throws<ConfigException>(() => (Options("x") with { BatchSize = 0, SampleCount = 1 }).Validate()).Faults.Count);
        using (var writer = new NpzWriter(_folder["empty.npz"]))
        {
            writer.Write("other", [1.0], 1);
            writer.Complete();
        }
        Assert.Contains("neither statistics", Assert.Throws<ArchiveException>(() => ReferenceInput.Archive(_folder["empty.npz"], 0)).Message, StringComparison.Ordinal);
    }

    private EvaluationOptions Options(string folder) => new() { Folder = _folder[folder], Protocol = EvaluationProtocols.Hita };

    private static EvaluationReport Run(
        string archive, ReferenceInput? reference, FeatureSource features, EvaluationOptions options, IProgress<EvaluationProgress>? progress = null, CancellationToken stop = default) =>
        SampleEvaluation.Run(SampleOrigin.From(ImageSeries.Archive(archive, options.Protocol.Size)), reference, features, options, progress, stop);

    private string Archive(string name, int[] order)
    {
        using var source = new ColourSource(1000, classes: 3, side: 16);
        using var writer = new ImageArchiveWriter(_folder[name], order.Length, 16, 16);
        foreach (var i in order)
            writer.Add(source.Read(i));
        writer.Complete();
        return _folder[name];
    }

    private sealed class Told(Action<EvaluationProgress> action) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => action(value);
    }

    /// <summary>The statistics of an archive's images, as a reference archive.</summary>
    private sealed class SampleStatisticsFile
    {
        public SampleStatisticsFile(string path, string archive)
        {
            Path = path;
            var statistics = new Hita.Metrics.SampleStatistics();
            using var reader = ImageArchiveReader.Open(archive);
            statistics.Add(FakeFeatures.Extract(reader.NextBatch(1000)));
            statistics.ToReference().Save(path);
        }

        public string Path { get; }
    }
}
