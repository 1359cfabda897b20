using System.Diagnostics;
using System.Globalization;
using Hita.Bench;
using Hita.Checkpoints;
using Hita.Generation;
using Hita.Server.Settings;
using Hita.Tests.Support;

namespace Hita.Tests.Server;

/// <summary>A thousand requests, a third of them troublesome.</summary>
[Collection(Alone.Name)]
public sealed class ServerLoadTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_thousand_requests_leave_nothing_behind()
    {
        const int Requests = 1000, Seeds = 1;
        await using var server = await TestServer.StartAsync(static options => options.Pipelines.Add(ServedPipeline.Of(BundledModels.Materials)));
        await server.Catalog.Ready;
        var pipeline = server.Catalog.Models[0].Pipeline;
        var classes = pipeline.Generator.Config.ClassCount;
        var expected = new ulong[classes];
        for (var number = 0; number < classes; number++)
        {
            var at = number;
            pipeline.Generate(
                new GenerationRequest { Classes = [number], Sampling = pipeline.Generator.Sampling },
                image => expected[at] = ServerLoad.HashOf(image.Image), cancellation: Stop);
        }
        // As much as the server keeps for good is there after some requests.
        await new ServerLoad(server.Address, classes, Seeds).RunAsync(64, 32, Stop);
        while (server.Metrics.Queued > 0)
            await Task.Delay(5, Stop);
        var (tensors, memory) = (LivingTensors.Settled(), Resident());
        var measured = new ServerLoad(server.Address, classes, Seeds);
        for (var number = 0; number < classes; number++)
            measured.Expect(number, 0, expected[number]);
        var report = await measured.RunAsync(Requests, 32, Stop);
        while (server.Metrics.Queued > 0)
            await Task.Delay(5, Stop);
        var (tensorsAfter, memoryAfter) = (LivingTensors.Settled(), Resident());
        output.WriteLine(string.Join(Environment.NewLine, report.Outcomes.Select(static o => $"{o.Value,5} {o.Key}")));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Different} different images; {report.ImagesPerMinute:0} images a minute; p50 {report.Latency(0.5):0.00} s, p99 {report.Latency(0.99):0.00} s, {report.Seconds:0} s in all; tensors {tensors} before and {tensorsAfter} after; resident {memory:0} MB before and {memoryAfter:0} MB after"));
        Assert.Equal(0, report.Different);
        Assert.Equal(tensors, tensorsAfter);
        Assert.All(report.Outcomes.Keys, static o => Assert.DoesNotContain("was due", o, StringComparison.Ordinal));
        Assert.Equal(Requests * 14 / 20, report.Outcomes["image"]);
        Assert.Equal(Requests / 20, report.Outcomes["400 for garbage"]);
        Assert.Equal(Requests / 20, report.Outcomes["broken off"]);
        Assert.Equal(Requests, report.Outcomes.Values.Sum());
        // The clients' own garbage is in it too, which the collector leaves until its budget is used up: 256 MB, as the program sets it.
        Assert.InRange(memoryAfter, 0, memory + 300);
    }

    private static double Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 / 1e6;
    }
}
