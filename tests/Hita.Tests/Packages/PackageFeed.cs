using System.IO.Compression;
using System.Xml.Linq;
using Hita.Tests.Support;

namespace Hita.Tests.Packages;

/// <summary>
/// A folder feed of the packages, packed once from what the tests were built from, and folders for programs that use nothing else
/// of this repository.
/// </summary>
public sealed class PackageFeed : IAsyncLifetime
{
    /// <summary>The tests that share the feed.</summary>
    public const string Name = "packages";

    private readonly TemporaryFolder _folder = new();

    /// <summary>The version they carry, which no other packing has. It is a finished one, for which packing is stricter.</summary>
    public string Version { get; } = $"0.1.{Environment.ProcessId}";

    /// <summary>The folder with the packed files.</summary>
    public string Folder => _folder["feed"];

    /// <summary>The names of the packages.</summary>
    public IEnumerable<string> Packages => Directory.EnumerateFiles(Folder, "*.nupkg")
        .Select(f => Path.GetFileName(f)[..^(Version.Length + ".nupkg".Length + 1)])
        .Order(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        // The tests' own build: it is there already, and it is what is tested.
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            ? "Debug"
            : "Release";
        await Programs.Run(
            TestFiles.Root, "dotnet", "pack", "Hita.slnx", "--no-build", "-c", configuration, "-o", Folder,
            $"-p:PackageVersion={Version}", "-p:PackTool=false", "--nologo", "-v", "quiet");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens a package.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="extension">Its kind: <c>nupkg</c>, or <c>snupkg</c> for the symbols.</param>
    public ZipArchive Open(string name, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Folder, $"{name}.{Version}.{extension}"));

    /// <summary>A package's description.</summary>
    /// <param name="name">Its name.</param>
    public XElement Metadata(string name)
    {
        using var package = Open(name);
        using var nuspec = package.GetEntry($"{name}.nuspec")!.Open();
        return XDocument.Load(nuspec).Root!.Elements().First(static e => e.Name.LocalName == "metadata");
    }

    /// <summary>
    /// Makes a folder with a project that refers to packages of this feed. Their dependencies come from the user's package folder,
    /// where building this repository has put them; what is restored stays in the folder.
    /// </summary>
    /// <param name="folder">The folder's name.</param>
    /// <param name="sdk">The project's kind.</param>
    /// <param name="program">Its code.</param>
    /// <param name="packages">The packages.</param>
    /// <returns>The folder's path.</returns>
    public string Project(string folder, string sdk, string program, params string[] packages)
    {
        var path = _folder[folder];
        Directory.CreateDirectory(path);
        var users = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(path, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{_folder["restored"]}" /></config>
              <fallbackPackageFolders><clear /><add key="users" value="{users}" /></fallbackPackageFolders>
              <packageSources><add key="feed" value="{Folder}" /></packageSources>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(path, "app.csproj"), $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <NoWarn>MEAI001</NoWarn>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(packages.Select(p => $"<PackageReference Include=\"{p}\" Version=\"{Version}\" />"))}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(path, "Program.cs"), program);
        return path;
    }

    /// <summary>Builds such a project.</summary>
    /// <param name="folder">Its folder.</param>
    /// <returns>The program's library, to be started with <c>dotnet</c>.</returns>
    internal static async Task<string> Build(string folder)
    {
        await Programs.Run(folder, "dotnet", "build", "-c", "Release", "--nologo", "-v", "quiet", "-p:UseSharedCompilation=false");
        return Path.Combine(folder, "bin", "Release", "net10.0", "app.dll");
    }
}

/// <summary>The tests that share one feed.</summary>
[CollectionDefinition(PackageFeed.Name)]
public sealed class PackageFeedUsers : ICollectionFixture<PackageFeed>;
