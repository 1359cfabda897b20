using Hita.Distributed.Launching;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
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
        Samples(samples, null, features, "out").RunShard(new Shard(0, 2));
        Assert.Contains("shards of several divisions", Refused(() => EvaluationShards.Find(_folder["out"])), StringComparison.Ordinal);
        Assert.Contains("fewer than the 21 shards", Refused(() => Samples(samples, null, features, "many").RunShard(new Shard(0, 21))), StringComparison.Ordinal);
    }

    private static string Refused(Action action) => Assert.ThrowsAny<HitaException>(action).Message;

    // Sums over parts are rounded at other places than one sum.
    private static void RequireEqual(EvaluationReport whole, EvaluationReport merged)
    {
        Assert.Equal(whole.Samples, merged.Samples);
        Assert.Equal(whole.Metrics.Select(static m => m.Name), merged.Metrics.Select(static m => m.Name));
        foreach (var (a, b) in whole.Metrics.Zip(merged.Metrics))
            Assert.True(Math.Abs(a.Value - b.Value) <= 1e-9 * Math.Max(1, Math.Abs(a.Value)), $"{a.Name} is {a.Value:r} of the whole and {b.Value:r} of parts");
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
