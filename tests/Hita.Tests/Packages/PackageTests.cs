using System.Text.RegularExpressions;
using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Packages;

/// <summary>What the packages hold, and that nothing else is needed to use them.</summary>
[Collection(PackageFeed.Name)]
public sealed partial class PackageTests(PackageFeed feed)
{
    private const string System = "SharpZipLib Google.Protobuf SkiaSharp System.IO.Hashing TorchSharp";

    /// <summary>What each package brings along, besides what those bring.</summary>
    private static readonly Dictionary<string, string> Dependencies = new(StringComparer.Ordinal)
    {
        ["Hita"] = System,
        ["Hita.Backend.Cpu.Linux"] = "libtorch-cpu-linux-x64 SkiaSharp.NativeAssets.Linux.NoDependencies",
        ["Hita.Backend.Cpu.MacOS"] = "libtorch-cpu-osx-arm64 SkiaSharp.NativeAssets.macOS",
        ["Hita.Backend.Cpu.Windows"] = "libtorch-cpu-win-x64 SkiaSharp.NativeAssets.Win32",
        ["Hita.Data"] = "Hita Hita.Materials Parquet.Net",
        ["Hita.Distributed"] = "Hita",
        ["Hita.Evaluation"] = "Hita.Data Hita.Metrics Hita.Training",
        ["Hita.Extensions.AI"] = "Hita.Extensions.Hosting Microsoft.Extensions.AI",
        ["Hita.Extensions.Hosting"] = "Hita Microsoft.Extensions.Diagnostics Microsoft.Extensions.Diagnostics.HealthChecks Microsoft.Extensions.Hosting.Abstractions Microsoft.Extensions.Logging",
        ["Hita.Hub"] = "Hita",
        ["Hita.Materials"] = "Hita",
        ["Hita.Metrics"] = "Hita",
        ["Hita.Models.Materials"] = "",
        ["Hita.Models.Orchard"] = "",
        ["Hita.Server"] = "Hita Microsoft.AspNetCore.OpenApi Microsoft.OpenApi OpenTelemetry.Exporter.Prometheus.AspNetCore OpenTelemetry.Extensions.Hosting",
        ["Hita.Studio"] = "Hita.Server Markdig MudBlazor",
        ["Hita.Training"] = "Hita.Data Hita.Distributed Hita.Metrics YamlDotNet",
        ["Hita.Verification"] = "Hita.Metrics Hita.Training",
    };

    [Fact]
    public void There_is_a_package_of_every_library_and_none_of_a_study() =>
        Assert.Equal(Dependencies.Keys.Order(StringComparer.Ordinal), feed.Packages);

    [Fact]
    public void Each_package_brings_what_the_list_says()
    {
        foreach (var (name, expected) in Dependencies)
        {
            var found = feed.Metadata(name).Descendants().Where(static e => e.Name.LocalName == "dependency").Select(static e => (string)e.Attribute("id")!);
            // What is pinned for the restore of this repository appears beside what is referred to.
            var pinned = Brought(name).Where(static d => !d.StartsWith("Hita", StringComparison.Ordinal));
            Assert.Equal(
                expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
                found.Except(pinned).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Each_package_explains_itself()
    {
        foreach (var name in Dependencies.Keys)
        {
            using var package = feed.Open(name);
            var entries = package.Entries.Select(static e => e.FullName).ToList();
            Assert.Contains("README.md", entries);
            var metadata = feed.Metadata(name).Elements().ToDictionary(static e => e.Name.LocalName, static e => e.Value);
            Assert.Equal("MIT", metadata["license"]);
            Assert.Equal("README.md", metadata["readme"]);
            Assert.True(metadata["description"].Length > 30, name);
            if (!name.Contains(".Backend.", StringComparison.Ordinal) && !name.Contains(".Models.", StringComparison.Ordinal))
            {
                Assert.Contains($"lib/net10.0/{name}.dll", entries);
                Assert.Contains($"lib/net10.0/{name}.xml", entries);
                using var symbols = feed.Open(name, "snupkg");
                Assert.Contains(symbols.Entries, e => e.FullName == $"lib/net10.0/{name}.pdb");
            }
        }
    }

    [Theory]
    [InlineData("Hita.Models.Orchard", "orchard")]
    [InlineData("Hita.Models.Materials", "materials")]
    public void The_model_is_the_one_of_this_repository(string name, string model)
    {
        using var package = feed.Open(name);
        foreach (var file in (string[])["generator/model.safetensors", "generator/classes.txt", "generator/sampling.json", "tokenizer/config.json", "tokenizer/model.safetensors"])
        {
            var entry = package.GetEntry($"models/{model}/{file}");
            Assert.NotNull(entry);
            Assert.Equal(new FileInfo(Path.Combine(TestFiles.Root, "models", model, file)).Length, entry.Length);
        }
    }

    [Fact]
    public async Task A_program_of_three_packages_generates_what_its_readme_promises()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.Is64BitProcess, "the backend is that of Linux");
        var readme = await File.ReadAllTextAsync(Path.Combine(TestFiles.Root, "src", "Hita", "README.md"), TestContext.Current.CancellationToken);
        var program = Sample().Match(readme).Groups[1].Value;
        Assert.InRange(program.Split('\n').Length, 5, 16);
        var project = feed.Project("console", "Microsoft.NET.Sdk", program, "Hita", "Hita.Backend.Cpu.Linux", "Hita.Models.Orchard");
        var app = await PackageFeed.Build(project);

        await Programs.Run(project, "dotnet", app);

        foreach (var name in (string[])["0.png", "1.png"])
        {
            var image = ImageDecoder.Decode(Path.Combine(project, name));
            Assert.Equal((128, 128), (image.Width, image.Height));
        }
    }

    [Fact]
    public async Task A_web_program_serves_images_by_the_standard_interface()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.Is64BitProcess, "the backend is that of Linux");
        var cancellation = TestContext.Current.CancellationToken;
        var readme = await File.ReadAllTextAsync(Path.Combine(TestFiles.Root, "src", "Hita.Extensions.AI", "README.md"), cancellation);
        var program = Sample().Matches(readme).Select(static m => m.Groups[1].Value).Single(static p => p.Contains("WebApplication", StringComparison.Ordinal));
        Assert.InRange(program.Split('\n').Length, 5, 21);
        var project = feed.Project("web", "Microsoft.NET.Sdk.Web", program, "Hita.Extensions.AI", "Hita.Backend.Cpu.Linux", "Hita.Models.Orchard");
        var app = await PackageFeed.Build(project);

        using var server = Programs.Start(project, "dotnet", app, "--urls", "http://127.0.0.1:0");
        try
        {
            const string Mark = "Now listening on: ";
            string? line;
            do
                line = await server.StandardOutput.ReadLineAsync(cancellation) ?? throw new InvalidOperationException(await server.StandardError.ReadToEndAsync(cancellation));
            while (!line.Contains(Mark, StringComparison.Ordinal));
            using var client = new HttpClient { BaseAddress = new Uri(line[(line.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..].Trim()) };

            var bytes = await client.GetByteArrayAsync("/apple.png?seed=7", cancellation);

            Assert.Equal(128, ImageDecoder.Decode(bytes, "the answer").Width);
            Assert.Equal("Healthy", await client.GetStringAsync("/health", cancellation));
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Without_a_backend_the_program_names_the_package()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.Is64BitProcess, "the backend is that of Linux");
        const string Program = """
            try { Hita.Models.ImagePipeline.Load("materials"); }
            catch (Hita.Runtime.MissingLibraryException e) { Console.WriteLine(e.Message); }
            """;
        var app = await PackageFeed.Build(feed.Project("bare", "Microsoft.NET.Sdk", Program, "Hita", "Hita.Models.Materials"));
        Assert.Contains("run 'dotnet add package Hita.Backend.Cpu.Linux' in its project", await Programs.Run("/", "dotnet", app), StringComparison.Ordinal);
    }

    // What comes along with the packages that a package names.
    private static IEnumerable<string> Brought(string name) => Dependencies[name].Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Where(Dependencies.ContainsKey)
        .SelectMany(static d => Dependencies[d].Split(' ').Concat(Brought(d)));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();
}
