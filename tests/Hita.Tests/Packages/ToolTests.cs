using Hita.Tests.Support;

namespace Hita.Tests.Packages;

/// <summary>The command line as a .NET tool.</summary>
public sealed class ToolTests
{
    [Fact]
    [Trait("Category", "Slow")]
    public async Task The_tool_is_installed_from_a_folder_and_generates_outside_any_checkout()
    {
        using var folder = new TemporaryFolder();
        await Programs.Run(
            TestFiles.Root, "dotnet", "pack", "src/Hita.Cli/Hita.Cli.csproj", "-c", "Release", "-o", folder["feed"],
            "-p:PackageVersion=0.1.99", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false", "--nologo", "-v", "quiet");
        await File.WriteAllTextAsync(
            folder["nuget.config"],
            $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{folder["restored"]}" /></config>
              <packageSources><clear /><add key="feed" value="{folder["feed"]}" /></packageSources>
            </configuration>
            """,
            TestContext.Current.CancellationToken);
        await Programs.Run(
            folder.Path, "dotnet", "tool", "install", "Hita.Cli", "--version", "0.1.99", "--tool-path", folder["bin"], "--configfile", folder["nuget.config"]);

        await Programs.Run(folder.Path, folder["bin/hita"], "generate", "--class", "marble torus", "--count", "2", "-o", "out");

        Assert.Equal(3, Directory.GetFiles(folder["out"], "*.png").Length);
    }
}
