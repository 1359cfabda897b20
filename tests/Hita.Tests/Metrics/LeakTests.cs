using Hita.Metrics;
using Hita.Metrics.Networks;
using Hita.Tests.Support;
using static TorchSharp.torch;

namespace Hita.Tests.Metrics;

/// <summary>Native memory is invisible to the collector, so an evaluation of hours may leave nothing behind.</summary>
[Collection(Alone.Name)]
public sealed class LeakTests
{
    [Fact]
    public void Measuring_leaves_no_tensors_behind()
    {
        using (var network = InceptionExtractor.ByName())
        {
            Measure(network);
            var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            var living = LivingTensors.Settled();
            for (var i = 0; i < 3; i++)
                Measure(network);
            Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            Assert.Equal(living, Tensor.TotalCount);
        }
    }

    private static void Measure(InceptionExtractor network)
    {
        network.Extract([ImageFiles.Noise(20, 20, 1)]);
        var (statistics, bank) = (new FeatureStatistics(8), new FeatureBank(8));
        var features = Samples.Normal(600 * 8, 1);
        statistics.Add(features);
        bank.Add(features);
        FrechetDistance.Between(statistics, statistics);
        PrecisionRecall.Compute(bank, bank, new() { BlockSize = 256 });
        PrecisionRecall.Compute(bank, bank, new() { BlockSize = 256, Distances = DistancePrecision.Published });
    }
}
