using Hita.Bench;
using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Tests.Generation.Engine;
using Hita.Tests.Support;

namespace Hita.Tests.Bench;

[Collection(Alone.Name)]
public sealed class EngineBenchmarkTests
{
    [Fact]
    public void Models_and_machine_are_measured_side_by_side()
    {
        var config = Decoding.Preset("tiny");
        using var network = new GeneratorModel(config, Placement.Cpu);
        network.FillByName();
        using var framework = new TorchTokenModel(network);
        using var engine = Decoding.Engine(config, threads: 2);
        var results = EngineBenchmark.Measure(
            [engine, framework], rows: 2, TimeSpan.FromMilliseconds(50), threads: 2, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(2, results.Count);
        foreach (var result in results)
        {
            Assert.Equal(2, result.Rows);
            Assert.True(result.Steps >= 15);
            Assert.InRange(result.BestSeconds, 1e-7, result.Seconds);
            Assert.InRange(result.ReadBandwidth, 1e8, result.BestReadBandwidth);
            Assert.True(result.MatrixRate > 1e8);
        }
        // Two blocks of 12 · 64² and more, and one head, at four bytes a weight.
        Assert.Equal(4 * ((2 * ((4 * 64) + (3 * 256)) * 64) + (256 * 64)), results[0].WeightBytes);
        Assert.Equal(results[0].WeightBytes, results[0].Operations);
        Assert.InRange(results[0].MeanPosition, 8, 24);
        Assert.InRange(results[0].Fraction, 0, 100);
        Assert.Equal(0, results[1].WeightBytes);

        var known = EngineBenchmark.Measure([engine], rows: 2, TimeSpan.FromMilliseconds(50), threads: 2, positions: 3, TestContext.Current.CancellationToken)[0];
        // Three times the blocks, and no head.
        Assert.Equal(3 * (results[0].Operations - (2.0 * 2 * 256 * 64)), known.Operations);
    }
}
