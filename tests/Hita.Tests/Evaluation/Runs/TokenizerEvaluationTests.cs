using Hita.Evaluation.Classification;
using Hita.Evaluation.Probing;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;

namespace Hita.Tests.Evaluation.Runs;

/// <summary>Evaluations that need a model, on the smallest there is.</summary>
public sealed class TokenizerEvaluationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reconstructions_are_measured_as_the_measures_themselves_would()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var source = new ColourSource(11, classes: 1, side: 80);
        var report = Reconstruct(tokenizer, source, Options("out"));
        var pairs = Enumerable.Range(0, 11).Select(i => AdmCrops.Center(source.Read(i), 64)).Select(p => (p, tokenizer.Reconstruct(p).Image)).ToList();
        // Alone and in a batch, sums are split differently, which may round a few pixels the other way.
        Assert.Equal(pairs.Average(static p => Hita.Metrics.ImageQuality.Psnr(p.p, p.Image)), report.Find("psnr")!.Value, 1e-4);
        Assert.Equal(pairs.Average(static p => Hita.Metrics.ImageQuality.Ssim(p.p, p.Image)), report.Find("ssim")!.Value, 1e-4);
        Assert.Equal(["LPIPS", "rFID, rsFID and rIS"], report.Unmeasured.Select(static u => u.Metrics));
        var page = File.ReadAllText(_folder["out/index.html"]);
        Assert.Equal(12, page.Split("<figure>").Length - 1);
        // The published protocol judges other pixels and has its own SSIM.
        var published = Reconstruct(tokenizer, source, Options("published") with { Protocol = EvaluationProtocols.Published with { Size = 48 } });
        Assert.True(published.Find("ssim")!.Value > report.Find("ssim")!.Value);
        Assert.Contains("protocol", ReportComparison.Difference(report, published), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stopped_reconstruction_goes_on_with_the_same_result()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var source = new ColourSource(20, classes: 1);
        var straight = Reconstruct(tokenizer, source, Options("straight") with { BatchSize = 4 });
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => ReconstructionEvaluation.Run(
            tokenizer, "tiny", source, FeatureSource.Without("-"), PerceptualSource.Without("-"), Options("resumed") with { BatchSize = 4 },
            new Told(p =>
            {
                if (p.Done == 8)
                    stop.Cancel();
            }), stop.Token));
        var resumed = Reconstruct(tokenizer, source, Options("resumed") with { BatchSize = 4 });
        Assert.Equal(straight.Metrics, resumed.Metrics);
        Assert.Equal(straight.Samples, resumed.Samples);
        Assert.Equal(Images("straight"), Images("resumed"));

        string[] Images(string name) => [.. File.ReadAllText(_folder[$"{name}/index.html"]).Split("<figure>").Skip(1).Select(static f => f.Split("</figure>")[0])];
    }

    [Fact]
    public void A_choice_of_images_is_even_the_same_and_named_in_the_report()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var source = new ColourSource(30, classes: 1);
        var (a, b) = (Reconstruct(tokenizer, source, Options("a") with { SampleCount = 6 }), Reconstruct(tokenizer, source, Options("b") with { SampleCount = 6 }));
        Assert.Equal(a.Samples, b.Samples);
        Assert.Equal(6, a.Samples.Count);
        Assert.Contains("6 of 30", a.Samples.Description, StringComparison.Ordinal);
        Assert.InRange(source.Reads, 12, 16);
    }

    [Fact]
    public void A_probe_reads_the_class_from_features_that_carry_it()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var source = new ColourSource(120, classes: 3);
        var report = LinearProbe.Run(tokenizer, "tiny", source, Options("probe"), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(
            ["probe_holistic", "probe_patch", "probe_cnn", "probe_semantic", "probe_pixels", "probe_chance"], report.Metrics.Select(static f => f.Name));
        // Classes are main colours, which every feature carries; three classes alike in number leave a third to chance.
        Assert.All(report.Metrics.SkipLast(1), static f => Assert.InRange(f.Value, 0.9, 1));
        Assert.Equal(1 / 3.0, report.Find("probe_chance")!.Value, 1e-9);
        using var without = new ColourSource(120, classes: 1);
        Assert.Contains("two classes", Assert.Throws<HitaException>(() => LinearProbe.Run(tokenizer, "tiny", without, Options("x"))).Message, StringComparison.Ordinal);
        using var few = new ColourSource(20, classes: 2);
        Assert.Contains("100 images", Assert.Throws<HitaException>(() => LinearProbe.Run(tokenizer, "tiny", few, Options("y"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_of_samples_are_recognised_or_not_and_copies_are_looked_for()
    {
        using var pipeline = NamedModel.OpenPipeline("tiny", "tiny");
        using var source = new ColourSource(200, classes: 10);
        var data = ClassifierData.From(source, 64);
        using var classifier = ClassifierTraining.Train(
            data, new() { Steps = 2, BatchSize = 4, HeldOutCount = 4 }, cancellation: TestContext.Current.CancellationToken);
        var origin = new GeneratorOrigin(pipeline, "tiny", EvaluationProtocols.Hita, 20, new GenerationRequest { Classes = [0] }, EvaluationKind.Classes);
        var report = ClassEvaluation.Run(
            origin, null, classifier, data, new CopyCheckOptions { TrainingCount = 30, HeldOutCount = 8 }, Options("out"), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(20, report.Classes.Sum(static c => c.Count));
        Assert.Equal(report.Classes.Sum(static c => c.Recognised) / 20.0, report.Find("class_agreement")!.Value, 1e-12);
        Assert.True(report.Find("nearest_pixels_samples")!.Value > 0);
        Assert.Contains("Nearest training images", File.ReadAllText(_folder["out/index.html"]), StringComparison.Ordinal);
        Assert.Equal(report.Classes, EvaluationReport.Load(_folder["out"]).Classes);

        using var other = new ColourSource(60, classes: 3);
        Assert.Contains("--data", Assert.Throws<HitaException>(() => ClassEvaluation.Check(origin, null, ClassifierData.From(other, 64))).Message, StringComparison.Ordinal);
        var names = data.ClassNames.Reverse().ToList();
        Assert.Contains("Class 0 is 'colour 9'", Assert.Throws<HitaException>(() => ClassEvaluation.Check(origin, names, data)).Message, StringComparison.Ordinal);
    }

    private EvaluationOptions Options(string folder) => new() { Folder = _folder[folder], Protocol = EvaluationProtocols.Hita };

    private static EvaluationReport Reconstruct(ImageTokenizer tokenizer, ColourSource source, EvaluationOptions options) =>
        ReconstructionEvaluation.Run(
            tokenizer, "tiny", source, FeatureSource.Without("There are no weights."), PerceptualSource.Without("There are no weights."), options,
            cancellation: TestContext.Current.CancellationToken);

    private sealed class Told(Action<EvaluationProgress> action) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => action(value);
    }
}
