using System.Diagnostics;
using System.Globalization;
using Hita.Hub;
using Hita.Models;
using Hita.Tests.Support;

namespace Hita.Tests.Hub;

/// <summary><c>hita pull</c> as a process of its own, killed and measured.</summary>
[Trait("Category", "Slow")]
public sealed class PullProcessTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twenty_kills_lose_what_was_in_flight_and_the_file_is_right_in_the_end()
    {
        const int Size = 96 << 20;
        await using var hub = await LoopbackHub.Start();
        var bytes = hub.Add("a.bin", LoopbackHub.Random(Size));
        // Slow enough to be killed on the way.
        hub.StorageFault = static async http =>
        {
            await Task.Delay(250, http.RequestAborted);
            return false;
        };
        var blob = Path.Combine(hub.Cache, "models--owner--name", "blobs", (await List(hub)).Hash);
        var random = new Random(7);
        long before = 0;
        for (var kill = 0; kill < 20; kill++)
        {
            using var process = Pull(hub, "--file", "a.bin");
            await Task.Delay(random.Next(400, 1400), Stop);
            if (process.HasExited)
                break;
            process.Kill();
            await process.WaitForExitAsync(Stop);
            // It may have been whole already when the kill came.
            var now = File.Exists(blob) ? Size : File.Exists(blob + ".incomplete") ? new FileInfo(blob + ".incomplete").Length : 0;
            Assert.True(now >= before, $"{before} bytes were there, and {now} are after kill {kill}");
            before = now;
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{before} of {Size} bytes were there after the kills"));
        using var last = Pull(hub, "--file", "a.bin");
        var path = (await last.StandardOutput.ReadToEndAsync(Stop)).Trim();
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Stop));
        Assert.Single(Directory.GetFiles(Path.Combine(hub.Cache, "models--owner--name", "blobs")));
    }

    [Theory]
    [InlineData(PublishedModels.LlamaGen, "b-256")]
    [InlineData(PublishedModels.Hita, "vanilla-b")]
    public async Task A_published_pipeline_of_full_size_is_pulled_and_generates(string repository, string published)
    {
        await using var hub = await LoopbackHub.Start(repository);
        var model = PublishedModels.Find(repository, published);
        foreach (var (preset, kind, name) in ((string, ModelKind, string)[])[(model.TokenizerPreset, ModelKind.Tokenizer, model.Tokenizer), (model.GeneratorPreset, ModelKind.Generator, model.Generator)])
        {
            var made = ModelCreator.Create(preset, hub[preset], byNamePrefix: "");
            hub.AddFile(name, Path.Combine(made.First(m => m.Kind == kind).Folder, "model.safetensors"));
        }
        var watch = Stopwatch.StartNew();
        using var process = Pull(hub, "--preset", published, "-o", hub["model"]);
        long peak = 0;
        while (!process.HasExited)
        {
            peak = Math.Max(peak, Peak(process));
            await Task.Delay(50, Stop);
        }
        Assert.Equal(0, process.ExitCode);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pull and import: {watch.Elapsed.TotalSeconds:0.0} s, peak {peak >> 20} MB resident"));
        watch.Restart();
        await Programs.Run(hub[""], "dotnet", Program, "generate", "-m", hub["model"], "--class", "0", "--count", "1", "-o", hub["out"]);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"generate, one image: {watch.Elapsed.TotalSeconds:0.0} s"));
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "Hita.Cli.dll");

    private static async Task<HubFile> List(LoopbackHub hub)
    {
        using var client = new HubClient(hub.Settings);
        return (await client.ListAsync(HubReference.Parse(LoopbackHub.Repository), Stop)).Files[0];
    }

    private static Process Pull(LoopbackHub hub, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, "pull", hub.Name, .. arguments]) { RedirectStandardOutput = true };
        start.Environment["HF_ENDPOINT"] = hub.Settings.Endpoint.ToString();
        start.Environment["HF_HUB_CACHE"] = hub.Cache;
        start.Environment["DOTNET_GCgen0size"] = "0x10000000";
        return Process.Start(start)!;
    }

    private static long Peak(Process process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(static l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) << 10;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
