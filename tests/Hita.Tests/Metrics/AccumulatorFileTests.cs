using Hita.Checkpoints;
using Hita.Metrics;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Tests.Support;
using static TorchSharp.torch;

namespace Hita.Tests.Metrics;

public sealed class AccumulatorFileTests
{
    [Fact]
    public void Another_file_or_another_kind_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Save(folder["weights"], [new("a", zeros(2))]);
        Assert.Contains("no saved measurements", Assert.Throws<ArchiveException>(() => AccumulatorReader.Open(folder["weights"])).Message, StringComparison.Ordinal);
        new AccumulatorWriter().Add("codes", new CodeUsage(3)).Save(folder["state"]);
        using var file = AccumulatorReader.Open(folder["state"]);
        Assert.Throws<ArchiveException>(() => file.Read<FeatureStatistics>("codes"));
        Assert.Throws<ArchiveException>(() => file.Read<CodeUsage>("other"));
    }

    [Fact]
    public void Damaged_files_are_refused_in_a_sentence_or_read()
    {
        using var folder = new TemporaryFolder();
        var (pool, classes, bank, mean) = (new FeatureStatistics(3), new InceptionScoreStatistics(4, 2), new FeatureBank(3), new RunningMean());
        pool.Add(Samples.Normal(6, 1));
        classes.Add(Samples.Normal(12, 1));
        bank.Add(Samples.Normal(6, 1));
        mean.Add(3);
        new AccumulatorWriter().Add("pool", pool).Add("classes", classes).Add("bank", bank).Add("mean", mean).Save(folder["state"]);
        var whole = File.ReadAllBytes(folder["state"]);
        for (var seed = 0; seed < 300; seed++)
        {
            File.WriteAllBytes(folder["mutant"], Mutator.Mutate(whole, seed));
            try
            {
                using var file = AccumulatorReader.Open(folder["mutant"]);
                file.Read<FeatureStatistics>("pool");
                file.Read<InceptionScoreStatistics>("classes");
                file.Read<FeatureBank>("bank");
                file.Read<RunningMean>("mean");
            }
            catch (HitaException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    [Fact]
    public void Everything_measured_on_samples_is_saved_resumed_and_merged_together()
    {
        using var folder = new TemporaryFolder();
        var (whole, first, second) = (new SampleStatistics(keepFeatures: true, splitSize: 3), new SampleStatistics(keepFeatures: true, splitSize: 3), new SampleStatistics(keepFeatures: true, splitSize: 3, firstIndex: 2));
        foreach (var part in new[] { 0, 1, 2 })
        {
            whole.Add(Features(part));
            (part == 0 ? first : second).Add(Features(part));
        }
        new AccumulatorWriter().Add("samples", first).Save(folder["state"]);
        using var file = AccumulatorReader.Open(folder["state"]);
        var joined = file.Read<SampleStatistics>("samples");
        joined.Merge(second);
        Assert.Equal(6, joined.Count);
        Assert.All(whole.Classes.ToScore().Splits.Zip(joined.Classes.ToScore().Splits), static pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        Assert.Equal(whole.Spatial.ToDistribution().Mean.ToArray(), joined.Spatial.ToDistribution().Mean.ToArray());
        Assert.Equal(whole.Features!.Row(5).ToArray(), joined.Features!.Row(5).ToArray());
        Assert.Throws<ArgumentException>(() => joined.Merge(new SampleStatistics()));
    }

    private static InceptionFeatures Features(int seed) => new(
        Samples.Normal(2 * InceptionFeatures.PoolWidth, seed), Samples.Normal(2 * InceptionFeatures.ClassCount, seed),
        Samples.Normal(2 * InceptionFeatures.ClassCount, seed), Samples.Normal(2 * InceptionFeatures.SpatialWidth, seed));
}
