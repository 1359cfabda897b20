using System.Diagnostics;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Metrics.Archives;
using Hita.Tests.Support;

namespace Hita.Tests.Evaluation.Runs;

/// <summary>
/// The memory of evaluating an archive of 50,000 images of 256 pixels (9.8 GB on the disk), everything measured that can be, with
/// features of the right widths from a cheap map. <c>HITA_TRACE_COUNT</c> makes it shorter.
/// </summary>
[Collection(Alone.Name)]
[Trait("Category", "Slow")]
public sealed class MemoryTraceTests(ITestOutputHelper output) : IDisposable
{
    private const int Side = 256;
    private const int ReferenceCount = 1000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fifty_thousand_images_are_measured_in_flat_memory_below_two_gibibytes()
    {
        // A process has one peak: what other tests took before would count.
        using (var process = Process.GetCurrentProcess())
            Assert.SkipWhen(process.PeakWorkingSet64 > 1L << 30, "other tests have taken more than 1 GiB in this process; run this one alone with --filter-class '*MemoryTraceTests'");
        var count = int.Parse(Environment.GetEnvironmentVariable("HITA_TRACE_COUNT") ?? "50000", System.Globalization.CultureInfo.InvariantCulture);
        var clock = Stopwatch.StartNew();
        Write("samples.npz", count, 1);
        Write("true.npz", ReferenceCount, 2);
        Reference();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        output.WriteLine($"archives written after {clock.Elapsed.TotalSeconds:0} s");
        using var features = FakeFeatures.Source();
        var report = SampleEvaluation.Run(
            SampleOrigin.From(ImageSeries.Archive(_folder["samples.npz"], Side)), ReferenceInput.Archive(_folder["reference.npz"], Side), features,
            new EvaluationOptions { Folder = _folder["out"], Protocol = EvaluationProtocols.Adm }, cancellation: TestContext.Current.CancellationToken);
        foreach (var metric in report.Metrics)
            output.WriteLine($"{metric.Name} {MetricNames.Text(metric)}");
        var trace = report.Environment.Memory.Where(static m => m.Stage == "Measuring").ToList();
        foreach (var point in trace.Where((_, i) => i % 10 == 0).Append(trace[^1]))
            output.WriteLine($"{point.Count} images: {point.Mebibytes} MiB");
        var peak = report.Environment.PeakMebibytes;
        output.WriteLine($"peak {peak} MiB over {clock.Elapsed.TotalSeconds:0} s");
        Assert.Equal(["fid", "sfid", "inception_score", "precision", "recall"], report.Metrics.Select(static f => f.Name));
        Assert.InRange(peak, 100, 2047);
        // What grows is what is kept: 8 KiB of features an image.
        var kept = (trace[^1].Count - trace[trace.Count / 2].Count) * 8 / 1024;
        Assert.InRange(trace[^1].Mebibytes, 0, trace[trace.Count / 2].Mebibytes + kept + 150);
    }

    private void Write(string name, int count, int seed)
    {
        using var writer = new ImageArchiveWriter(_folder[name], count, Side, Side);
        var random = new Random(seed);
        var noise = new byte[Side * Side * Image.Channels];
        random.NextBytes(noise);
        for (var i = 0; i < count; i++)
        {
            var image = new Image(Side, Side);
            var (shift, tint) = (random.Next(noise.Length), random.Next(128));
            for (var at = 0; at < noise.Length; at++)
                image.Pixels[at] = (byte)((noise[at + shift < noise.Length ? at + shift : at + shift - noise.Length] / 2) + ((tint * (1 + (at % 3))) & 127));
            writer.Add(image);
        }
        writer.Complete();
    }

    // As ADM distributes them: statistics, and some images for precision and recall.
    private void Reference()
    {
        var statistics = new SampleStatistics();
        using var reader = ImageArchiveReader.Open(_folder["true.npz"]);
        using var writer = new NpzWriter(_folder["reference.npz"]);
        var images = reader.NextBatch(ReferenceCount);
        foreach (var part in images.Chunk(100))
            statistics.Add(FakeFeatures.Extract(part));
        var reference = statistics.ToReference();
        writer.Write("mu", reference.Pool.Mean, reference.Pool.Width);
        writer.Write("sigma", reference.Pool.Covariance, reference.Pool.Width, reference.Pool.Width);
        writer.Write("mu_s", reference.Spatial!.Mean, reference.Spatial.Width);
        writer.Write("sigma_s", reference.Spatial.Covariance, reference.Spatial.Width, reference.Spatial.Width);
        writer.Begin(ImageArchiveReader.DefaultName, Hita.Checkpoints.TensorType.UInt8, ReferenceCount, Side, Side, Image.Channels);
        foreach (var image in images)
            writer.Write(image.Pixels);
        writer.Complete();
    }
}
