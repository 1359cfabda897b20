using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Server.Settings;
using Hita.Studio.Settings;
using Hita.Tests.Support;
using Microsoft.Playwright;

namespace Hita.Tests.Browser;

/// <summary>
/// Tests in a browser share it and one server, and run one after the other, with no others beside them: a browser that gets a fifth of
/// two processors is slower than any patience.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class BrowserCollection : ICollectionFixture<BrowserFixture>
{
    public const string Name = "browser";
}

/// <summary>The machine's Chromium, and a server with the studio whose model card and runs are hostile.</summary>
public sealed class BrowserFixture : IAsyncDisposable
{
    /// <summary>What would run if any text of a file were taken as markup.</summary>
    public const string Hostile = "<img src=x onerror=\"document.title='owned'\">";

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<Task<StudioServer>> _server;
    private readonly Lazy<Task<IBrowser>> _browser = new(LaunchAsync);

    public BrowserFixture() => _server = new(StartAsync);

    /// <summary>A run's metrics, which tests may add to.</summary>
    public string Metrics => Path.Combine(_folder["runs"], "first run", "metrics.jsonl");

    internal Task<StudioServer> ServerAsync() => _server.Value;

    /// <summary>A page of a visitor who has not been here before.</summary>
    internal async Task<StudioVisitor> VisitAsync(string? address = null, BrowserNewContextOptions? how = null)
    {
        Assert.SkipUnless(Chromium is not null, "needs Chromium (Debian: apt-get install chromium), and none is on the PATH");
        Assert.SkipUnless(Directory.Exists(Path.Combine(AppContext.BaseDirectory, ".playwright", "node")), "needs the browser driver beside the tests, which their build has not brought for this system");
        address ??= (await _server.Value).Address;
        var context = await (await _browser.Value).NewContextAsync(how ?? new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } });
        return await StudioVisitor.OpenAsync(context, address);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser.IsValueCreated && !_browser.Value.IsFaulted)
            await (await _browser.Value).CloseAsync();
        if (_server.IsValueCreated && !_server.Value.IsFaulted)
            await (await _server.Value).DisposeAsync();
        _folder.Dispose();
    }

    private static string? Chromium => Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator)
        .SelectMany(static f => (string[])[Path.Combine(f, "chromium"), Path.Combine(f, "chromium-browser"), Path.Combine(f, "google-chrome")])
        .FirstOrDefault(File.Exists);

    private static async Task<IBrowser> LaunchAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-gpu"] });
    }

    private async Task<StudioServer> StartAsync()
    {
        var model = _folder["model"];
        foreach (var part in (string[])["generator", "tokenizer"])
        {
            Directory.CreateDirectory(Path.Combine(model, part));
            foreach (var file in Directory.EnumerateFiles(Path.Combine(BundledModels.Locate(BundledModels.Materials), part)))
                File.Copy(file, Path.Combine(model, part, Path.GetFileName(file)));
        }
        await File.WriteAllTextAsync(
            Path.Combine(model, "README.md"), $"# Card\n\nA **bold** word, {Hostile}, [a link](https://example.org/), [a script](javascript:alert(1))\n\n| a | b |\n| --- | --- |\n| {Hostile} | 2 |\n\n{Hostile}\n");
        var run = Path.GetDirectoryName(Metrics)!;
        Directory.CreateDirectory(Path.Combine(run, "samples"));
        await File.WriteAllLinesAsync(Metrics, Enumerable.Range(1, 50).Select(static i => $$"""{"step":{{10 * i}},"epoch":0.1,"loss":{{1.0 / i}},"<img src=x onerror=alert(1)>":{{i}}}"""));
        ImageWriter.Write(ImageFiles.Quarters(96, 64), Path.Combine(run, "samples", "samples-00000500.png"));
        return await StudioServer.StartAsync(
            options =>
            {
                options.Pipelines.Add(ServedPipeline.Of(model));
                (options.MaxImages, options.MaxPixels, options.MaxBodyBytes) = (16, 400_000, 2 << 20);
                // Previews would be left out for as long as it takes to make up for one that a busy machine was slow with.
                options.MaxPreviewShare = 1;
            },
            new StudioOptions { RunsFolder = _folder["runs"] });
    }
}
