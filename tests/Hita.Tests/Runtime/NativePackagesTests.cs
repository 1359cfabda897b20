using System.Xml.Linq;
using Hita.Runtime;
using Hita.Tests.Support;
using Microsoft.CodeAnalysis;

namespace Hita.Tests.Runtime;

/// <summary>A program that brings no native libraries is told which packages to add.</summary>
public sealed class NativePackagesTests
{
    // Every way into the library that needs a native one first, and what reaches the caller.
    private const string Program = """
        using Hita.Generation;
        using Hita.Imaging;
        using Hita.Runtime;
        using Hita.Tokenization;
        using Hita.Tokenization.Model;

        Try(() => Compute.Device("cpu"));
        Try(() => ImageTokenizer.Create(TokenizerPresets.TryGet("tiny", out var config) ? config : throw new InvalidOperationException(), 1).Dispose());
        Try(() => TensorOps.FromFloats([1], 1).Dispose());
        Try(() => ImageDecoder.Decode(Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgBAAAAwACS/Xd6gAAAABJRU5ErkJggg=="), "x.png"));
        Try(() => ImageWriter.Write(new Image(2, 2), "x.jpg"));
        static void Try(Action action)
        {
            try
            {
                action();
                Console.WriteLine("fine");
            }
            catch (Exception e)
            {
                Console.WriteLine($"{e.GetType()}: {e.Message}");
            }
        }
        """;

    private const string Torch = "dotnet add package Hita.Backend.Cpu.Linux";
    private const string Skia = "dotnet add package SkiaSharp.NativeAssets.Linux.NoDependencies --version 2.88.9";

    private const string Both =
        "This program comes without libtorch and without SkiaSharp's native library: run '" + Torch +
        "' in its project and build it again (or name a libtorch that is there already with HITA_LIBTORCH; hita itself takes --libtorch).";

    [Fact]
    public void An_empty_folder_is_answered_with_a_command_for_each_package()
    {
        using var folder = new TemporaryFolder();
        var fault = NativePackages.Missing([folder.Path], "linux-x64");
        Assert.Equal(Both, fault.Message);
        Assert.Equal([Torch], fault.Commands);
    }

    [Fact]
    public void Only_what_is_missing_is_named()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["libtorch_cpu.so"], "");
        Assert.Equal(
            $"This program comes without SkiaSharp's native library: run '{Skia}' in its project and build it again.",
            NativePackages.Missing([folder.Path], "linux-x64").Message);
        File.Move(folder["libtorch_cpu.so"], folder["libSkiaSharp.so"]);
        Assert.Equal([Torch], NativePackages.Missing([folder.Path], "linux-x64").Commands);
    }

    [Theory]
    [InlineData("win-x64", "Hita.Backend.Cpu.Windows", "torch_cpu.dll", "libSkiaSharp.dll")]
    [InlineData("osx-arm64", "Hita.Backend.Cpu.MacOS", "libtorch_cpu.dylib", "libSkiaSharp.dylib")]
    public void Each_platform_has_its_own_package(string platform, string package, string torch, string skia)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[skia], "");
        Assert.Equal([$"dotnet add package {package}"], NativePackages.Missing([folder.Path], platform).Commands);
        Assert.Equal(torch, NativePackages.TorchFile(platform));
    }

    [Fact]
    public void A_platform_without_a_package_is_named()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["libSkiaSharp.so"], "");
        var fault = NativePackages.Missing([folder.Path], "linux-arm64");
        Assert.Contains("no package brings it for linux-arm64", fault.Message, StringComparison.Ordinal);
        Assert.Empty(fault.Commands);
    }

    [Fact]
    public void The_versions_are_those_that_this_repository_builds_with()
    {
        var versions = XDocument.Load(Path.Combine(TestFiles.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(v => v.Attribute("Include")!.Value, v => v.Attribute("Version")!.Value);
        Assert.Equal(TorchLibrary.ExpectedVersion, versions["libtorch-cpu-linux-x64"]);
        Assert.Equal(TorchLibrary.ExpectedVersion, versions["libtorch-cpu-win-x64"]);
        Assert.Equal(TorchLibrary.ExpectedVersion, versions["libtorch-cpu-osx-arm64"]);
        Assert.Equal(NativePackages.SkiaVersion, versions["SkiaSharp.NativeAssets.Linux.NoDependencies"]);
        Assert.Equal(NativePackages.SkiaVersion, versions["SkiaSharp"]);
    }

    [Fact]
    public async Task A_program_without_native_libraries_gets_the_sentence_from_every_door()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.Is64BitProcess, "the packages are those of Linux");
        using var folder = new TemporaryFolder();
        // The managed assemblies and the managed package's shim, as a build leaves them that names no native package.
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll"))
            File.Copy(file, folder[Path.GetFileName(file)]);
        var shim = NativePackages.Find("libLibTorchSharp.so", NativePackages.SearchFolders())!;
        File.Copy(shim, folder["libLibTorchSharp.so"]);
        var compilation = SourceCompiler.Compile(Program, OutputKind.ConsoleApplication).WithAssemblyName("app");
        Assert.Empty(SourceCompiler.Errors(compilation));
        Assert.True(compilation.Emit(folder["app.dll"], cancellationToken: TestContext.Current.CancellationToken).Success);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Hita.Tests.runtimeconfig.json"), folder["app.runtimeconfig.json"]);

        var lines = (await Programs.Run(folder.Path, "dotnet", "exec", folder["app.dll"])).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(5, lines.Length);
        Assert.All(lines, line => Assert.Equal($"{typeof(MissingLibraryException)}: {Both}", line));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_new_project_that_refers_to_the_library_is_told_the_packages_and_runs_with_them()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.Is64BitProcess, "the packages are those of Linux");
        using var folder = new TemporaryFolder();
        var versions = XDocument.Load(Path.Combine(TestFiles.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(v => v.Attribute("Include")!.Value, v => v.Attribute("Version")!.Value);
        string[] managed = ["TorchSharp", "SkiaSharp", "System.IO.Hashing", "SharpZipLib", "Google.Protobuf"];
        string[] native = ["libtorch-cpu-linux-x64", "SkiaSharp.NativeAssets.Linux.NoDependencies"];
        File.WriteAllText(folder["Program.cs"], Program);

        await File.WriteAllTextAsync(folder["app.csproj"], Project(managed), TestContext.Current.CancellationToken);
        await Programs.Run(folder.Path, "dotnet", "build", "-c", "Release", "--nologo", "-v", "q", "-nodeReuse:false", "-p:UseSharedCompilation=false");
        var before = await Programs.Run(folder.Path, "dotnet", folder["bin/Release/net10.0/app.dll"]);
        Assert.Equal(5, before.Split('\n').Count(line => line == $"{typeof(MissingLibraryException)}: {Both}"));

        await File.WriteAllTextAsync(folder["app.csproj"], Project([.. managed, .. native]), TestContext.Current.CancellationToken);
        await Programs.Run(folder.Path, "dotnet", "build", "-c", "Release", "--nologo", "-v", "q", "-nodeReuse:false", "-p:UseSharedCompilation=false");
        Assert.Equal("fine\nfine\nfine\nfine\nfine\n", await Programs.Run(folder.Path, "dotnet", folder["bin/Release/net10.0/app.dll"]));

        string Project(string[] packages) => $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
              </PropertyGroup>
              <ItemGroup>
                <Reference Include="{typeof(TorchLibrary).Assembly.Location}" />
                {string.Concat(packages.Select(p => $"<PackageReference Include=\"{p}\" Version=\"{versions[p]}\" />"))}
              </ItemGroup>
            </Project>
            """;
    }
}
