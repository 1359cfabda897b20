using Hita.Data;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Probing;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;

namespace Hita.Tests.Evaluation.Runs;

/// <summary>Every evaluation goes on without the images that it cannot read, says so, and stops where they are too many.</summary>
public sealed class UnreadableImageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reconstructions_are_measured_as_if_unreadable_images_were_not_there_also_when_interrupted()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var with = new BrokenSource(new ColourSource(20, classes: 1), static i => i is 0 or 7 or 8 or 19);
        using var without = new BrokenSource(new ColourSource(20, classes: 1), static i => i is 0 or 7 or 8 or 19, leaveOut: true);
        // One at a time: in other batches, sums are split differently.
        var wanted = Reconstruct(tokenizer, without, "without");
        var found = Reconstruct(tokenizer, with, "with");
        Assert.Equal(wanted.Metrics, found.Metrics);
        Assert.Equal((wanted.Samples.Hash, 16), (found.Samples.Hash, found.Samples.Count));
        Assert.Null(wanted.Unreadable);
        Assert.Equal(4, found.Unreadable!.Count);
        Assert.Equal("image 0: it is broken.", found.Unreadable.First[0]);
        Assert.Equal(4, EvaluationReport.Load(_folder["with"]).Unreadable!.Count);
        Assert.Contains("4 images could not be read", File.ReadAllText(_folder["with/index.html"]), StringComparison.Ordinal);

        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Reconstruct(
            tokenizer, with, "resumed",
            new Told(p =>
            {
                if (p.Done == 9)
                    stop.Cancel();
            }), stop.Token));
        var firsts = new List<long>();
        var resumed = Reconstruct(tokenizer, with, "resumed", new Told(p => firsts.Add(p.Done)));
        Assert.Equal(9, firsts[0]);
        Assert.Equal(found.Metrics, resumed.Metrics);
        Assert.Equal(found.Samples, resumed.Samples);
        Assert.Equal(found.Unreadable.First, resumed.Unreadable!.First);
    }

    [Fact]
    public void Too_many_unreadable_images_and_none_that_is_readable_stop_an_evaluation()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var many = new BrokenSource(new ColourSource(30, classes: 1), static i => i % 2 == 0);
        using var none = new BrokenSource(new ColourSource(4, classes: 1), static i => true);
        Assert.Contains("10 of 30 images cannot be read", Assert.Throws<DataException>(() => Reconstruct(tokenizer, many, "many")).Message, StringComparison.Ordinal);
        Assert.Contains("not one image can be read", Assert.Throws<DataException>(() => Reconstruct(tokenizer, none, "none")).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["none/report.json"]));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_reference_and_samples_are_measured_without_their_unreadable_images()
    {
        static bool Broken(int i) => i is 2 or 5;
        using var with = new BrokenSource(new ColourSource(12, classes: 1), Broken);
        using var without = new BrokenSource(new ColourSource(12, classes: 1), Broken, leaveOut: true);
        using var features = FakeFeatures.Source();
        var (wanted, found) = (Compare(without, "without"), Compare(with, "with"));
        Same(wanted, found);
        Assert.Equal((10, wanted.Reference!.Hash), (found.Reference!.Count, found.Reference.Hash));
        // Two among the samples, and the same two in the reference.
        Assert.Equal(4, found.Unreadable!.Count);

        EvaluationReport Compare(IImageSource source, string folder) => SampleEvaluation.Run(
            SampleOrigin.From(ImageSeries.Source(source, 64, 0)), ReferenceInput.Of(ImageSeries.Source(source, 64, 0)), features, Options(folder),
            cancellation: TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_probe_keeps_each_image_with_its_own_class()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var source = new BrokenSource(new ColourSource(120, classes: 3), static i => i is 1 or 4 or 7 or 50 or 51);
        var report = LinearProbe.Run(tokenizer, "tiny", source, Options("probe"), cancellation: TestContext.Current.CancellationToken);
        Assert.All(report.Metrics.SkipLast(1), static f => Assert.InRange(f.Value, 0.9, 1));
        // Of 40 images a class, three of the second and one of each other are broken.
        Assert.Equal(39 / 115.0, report.Find("probe_chance")!.Value, 1e-9);
        Assert.Equal((115, 5), (report.Samples.Count, report.Unreadable!.Count));
    }

    [Fact]
    public void Another_image_takes_the_place_of_an_unreadable_one_for_the_classifier()
    {
        var broken = new HashSet<int>();
        using var source = new BrokenSource(new ColourSource(200, classes: 2), broken.Contains);
        var whole = ClassifierData.From(source, 64);
        var images = Enumerable.Range(0, 180).Select(i => whole.Training(i)).ToList();
        Assert.Null(whole.Unreadable);
        broken.UnionWith([10, 11, 77]);
        var data = ClassifierData.From(source, 64);
        var read = Enumerable.Range(0, 180).Select(i => data.Training(i)).Concat(Enumerable.Range(0, 20).Select(i => data.HeldOut(i))).ToList();
        Assert.Equal(3, data.Unreadable!.Count);
        // All others stay where they were, and each has its own class.
        Assert.InRange(Enumerable.Range(0, 180).Count(i => !images[i].Image.Pixels.SequenceEqual(read[i].Image.Pixels)), 0, 3);
        Assert.All(read, static r => Assert.Equal(r.Class, r.Image[0, 0] is var (red, green, _) && red > green ? 0 : 1));
        broken.UnionWith(Enumerable.Range(100, 60));
        var bad = ClassifierData.From(source, 64);
        Assert.Contains("images cannot be read, more than the 10% allowed", Assert.Throws<DataException>(() => Enumerable.Range(0, 180).Select(i => bad.Training(i)).ToList()).Message, StringComparison.Ordinal);
    }

    // Sums of features are split where FID's curve has a point, which the number of images decides: the last digits may differ.
    private static void Same(EvaluationReport wanted, EvaluationReport found)
    {
        Assert.Equal(wanted.Metrics.Select(static m => m.Name), found.Metrics.Select(static m => m.Name));
        Assert.All(wanted.Metrics.Zip(found.Metrics), static p => Assert.Equal(p.First.Value, p.Second.Value, p.First.Name.Contains("fid", StringComparison.Ordinal) ? 1e-4 : 1e-9));
    }

    private EvaluationOptions Options(string folder) => new() { Folder = _folder[folder], Protocol = EvaluationProtocols.Hita };

    private EvaluationReport Reconstruct(
        ImageTokenizer tokenizer, IImageSource source, string folder, IProgress<EvaluationProgress>? progress = null, CancellationToken stop = default) =>
        ReconstructionEvaluation.Run(
            tokenizer, "tiny", source, FeatureSource.Without("There are no weights."), PerceptualSource.Without("There are no weights."), Options(folder) with { BatchSize = 1 }, progress, stop);

    private sealed class Told(Action<EvaluationProgress> action) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => action(value);
    }
}
