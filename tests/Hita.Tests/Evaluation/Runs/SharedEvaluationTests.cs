using Hita.Distributed.Launching;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Features;
using Hita.Evaluation.Probing;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Generation;
using Hita.Metrics.Archives;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Evaluation.Runs;

/// <summary>Evaluations that are measured in parts.</summary>
public sealed class SharedEvaluationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Parts_of_samples_have_the_score_of_the_whole()
    {
        var samples = Archive("samples.npz", 0, 20);
        using var features = FakeFeatures.Source();
        var whole = Samples(samples, null, features, "whole").Run();
        foreach (var index in Enumerable.Range(0, 3).Reverse())
            Samples(samples, null, features, "parts").RunShard(new Shard(index, 3));
        RequireEqual(whole, Samples(samples, null, features, "parts").Merge());
    }

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(7)]
    public void Parts_give_the_report_of_the_whole(int count)
    {
        var (samples, reference) = (Archive("samples.npz", 0, 60), Archive("reference.npz", 300, 45));
        using var features = FakeFeatures.Source();
        var whole = Samples(samples, reference, features, "whole").Run();
        // As of processes of their own, in any order.
        foreach (var index in Enumerable.Range(0, count).Reverse())
            Samples(samples, reference, features, "parts").RunShard(new Shard(index, count));
        var merged = Samples(samples, reference, features, "parts").Merge();
        RequireEqual(whole, merged);
        Assert.Equal(whole.Reference, merged.Reference);
        Assert.Equal(["index.html", "report.json"], Directory.EnumerateFiles(_folder["parts"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Reconstructions_are_shared_out_and_the_page_shows_the_same_images()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var source = new ColourSource(11, classes: 1, side: 80);
        SharedEvaluation Prepare(string folder) => ReconstructionEvaluation.Prepare(
            tokenizer, "tiny", source, FeatureSource.Without("-"), PerceptualSource.Without("-"), Options(folder) with { BatchSize = 1 });
        var whole = Prepare("whole").Run();
        for (var index = 0; index < 3; index++)
            Prepare("parts").RunShard(new Shard(index, 3));
        RequireEqual(whole, Prepare("parts").Merge());
        Assert.Equal(Images("whole"), Images("parts"));

        string[] Images(string name) => [.. File.ReadAllText(_folder[$"{name}/index.html"]).Split("<figure>").Skip(1).Select(static f => f.Split("</figure>")[0])];
    }

    [Fact]
    public void Samples_of_a_pipeline_are_judged_in_parts_by_one_classifier()
    {
        using var pipeline = NamedModel.OpenPipeline("tiny", "tiny");
        using var source = new ColourSource(60, classes: 10);
        var data = ClassifierData.From(source, 64);
        var training = new ClassifierTrainingOptions { Steps = 2, BatchSize = 4, HeldOutCount = 4 };
        using var classifier = ClassifierTraining.Train(data, training, cancellation: TestContext.Current.CancellationToken);
        // Whoever comes first has put it there; all others judge by it.
        Directory.CreateDirectory(_folder["parts"]);
        classifier.Save(_folder["parts/classifier.safetensors"]);
        using var kept = ClassifierCache.GetShared(_folder["parts"], data, training, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(classifier.Fingerprint, kept.Fingerprint);
        Assert.Contains("this is not the classifier of 60 colours in 10 classes after 3 steps", Refused(() => ClassifierCache.GetShared(_folder["parts"], data, training with { Steps = 3 })), StringComparison.Ordinal);

        SharedEvaluation Prepare(string folder, int copies = 30) => ClassEvaluation.Prepare(
            new GeneratorOrigin(pipeline, "tiny", EvaluationProtocols.Hita, 20, new GenerationRequest { Classes = [0] }, EvaluationKind.Classes),
            null, kept, data, new CopyCheckOptions { TrainingCount = copies, HeldOutCount = 6 }, Options(folder));
        var whole = Prepare("whole").Run();
        foreach (var index in Enumerable.Range(0, 3).Reverse())
            Prepare("parts").RunShard(new Shard(index, 3));
        Assert.Contains("of another evaluation", Refused(() => Prepare("parts", copies: 31).Merge()), StringComparison.Ordinal);
        var merged = Prepare("parts").Merge();
        RequireEqual(whole, merged, Digits);
        Assert.Equal(whole.Classes, merged.Classes);
        Assert.Equal(["index.html", "report.json"], Directory.EnumerateFiles(_folder["parts"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Sets_are_compared_in_parts_by_the_features_of_another_network()
    {
        using var network = FeatureNetwork.Load("resnet18", ResNet18File.Path());
        using var samples = new ColourSource(14, classes: 2);
        using var others = new ColourSource(11, classes: 3);
        SharedEvaluation Prepare(string folder) => FeatureEvaluation.Prepare(
            SampleOrigin.From(ImageSeries.Source(samples, 64, 0)), ImageSeries.Source(others, 64, 0), network, Options(folder) with { Protocol = network.Protocol });
        var whole = Prepare("whole").Run();
        for (var index = 0; index < 3; index++)
            Prepare("parts").RunShard(new Shard(index, 3));
        var merged = Prepare("parts").Merge();
        RequireEqual(whole, merged, Digits);
        Assert.Equal(whole.Reference, merged.Reference);
    }

    [Fact]
    public void A_probe_learns_from_the_features_of_all_parts()
    {
        using var tokenizer = NamedModel.OpenTokenizer("tiny");
        using var source = new ColourSource(100, classes: 3);
        SharedEvaluation Prepare(string folder) => LinearProbe.Prepare(tokenizer, "tiny", source, Options(folder));
        var whole = Prepare("whole").Run();
        for (var index = 0; index < 2; index++)
            Prepare("parts").RunShard(new Shard(index, 2));
        // An image more or less of the 20 that are held out would be 0.05.
        RequireEqual(whole, Prepare("parts").Merge(), Digits);
    }

    [Fact]
    public void A_part_that_is_there_is_not_measured_again_unless_asked_for()
    {
        using var source = new ColourSource(12, classes: 2, side: 16);
        using var features = FakeFeatures.Source();
        SharedEvaluation Prepare(bool restart = false) => SampleEvaluation.Prepare(
            SampleOrigin.From(ImageSeries.Source(source, 16, 0)), null, features, Options("out") with { Restart = restart });
        Prepare().RunShard(new Shard(0, 2));
        var reads = source.Reads;
        Prepare().RunShard(new Shard(0, 2));
        Assert.Equal(reads, source.Reads);
        Prepare(restart: true).RunShard(new Shard(0, 2));
        Assert.Equal(2 * reads, source.Reads);
    }

    [Fact]
    public void What_does_not_belong_together_is_refused_in_a_sentence()
    {
        var samples = Archive("samples.npz", 0, 20);
        using var features = FakeFeatures.Source();
        Assert.Contains("there are no measurements of shards here", Refused(() => EvaluationShards.Find(_folder["out"])), StringComparison.Ordinal);
        Samples(samples, null, features, "out").RunShard(new Shard(1, 3));
        Assert.Contains("the shards 0/3, 2/3 are not done yet; run the evaluation with --shard 0/3.", Refused(() => Samples(samples, null, features, "out").Merge()), StringComparison.Ordinal);
        Samples(samples, null, features, "out").RunShard(new Shard(0, 3));
        Samples(Archive("others.npz", 500, 20), null, features, "out").RunShard(new Shard(2, 3));
        Assert.Contains("shard-0002-of-0003.safetensors: these measurements are of another evaluation", Refused(() => Samples(samples, null, features, "out").Merge()), StringComparison.Ordinal);
        Assert.Contains("the shard 0/3 of another division is here, which 0/2 cannot be merged with", Refused(() => Samples(samples, null, features, "out").RunShard(new Shard(0, 2))), StringComparison.Ordinal);
        // Two processes that began at once.
        File.Copy(_folder["out/shard-0000-of-0003.safetensors"], _folder["out/shard-0000-of-0002.safetensors"]);
        Assert.Contains("shards of several divisions", Refused(() => EvaluationShards.Find(_folder["out"])), StringComparison.Ordinal);
        Assert.Contains("fewer than the 21 shards", Refused(() => Samples(samples, null, features, "many").RunShard(new Shard(0, 21))), StringComparison.Ordinal);
    }

    private static string Refused(Action action) => Assert.ThrowsAny<HitaException>(action).Message;

    // Networks round a batch of another size otherwise, in float32; batches end where parts do.
    private const double Digits = 1e-5;

    // Sums over parts are rounded at other places than one sum.
    private static void RequireEqual(EvaluationReport whole, EvaluationReport merged, double bound = 1e-9)
    {
        Assert.Equal(whole.Samples, merged.Samples);
        Assert.Equal(whole.Metrics.Select(static m => m.Name), merged.Metrics.Select(static m => m.Name));
        foreach (var (a, b) in whole.Metrics.Zip(merged.Metrics))
            Assert.True(Math.Abs(a.Value - b.Value) <= bound * Math.Max(1, Math.Abs(a.Value)), $"{a.Name} is {a.Value:r} of the whole and {b.Value:r} of parts");
    }

    private SharedEvaluation Samples(string samples, string? reference, FeatureSource features, string folder) => SampleEvaluation.Prepare(
        SampleOrigin.From(ImageSeries.Archive(samples, 0)), reference is null ? null : ReferenceInput.Archive(reference, 0), features, Options(folder));

    private EvaluationOptions Options(string folder) => new() { Folder = _folder[folder], Protocol = EvaluationProtocols.Hita, BatchSize = 8 };

    private string Archive(string name, int first, int count)
    {
        using var source = new ColourSource(1000, classes: 3, side: 16);
        using var writer = new ImageArchiveWriter(_folder[name], count, 16, 16);
        for (var i = 0; i < count; i++)
            writer.Add(source.Read(first + i));
        writer.Complete();
        return _folder[name];
    }
}
