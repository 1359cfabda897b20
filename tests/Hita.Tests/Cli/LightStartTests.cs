using System.Diagnostics;
using Hita.Tests.Support;
using Microsoft.CodeAnalysis;

namespace Hita.Tests.Cli;

/// <summary>What a start loads: commands that need no tensor leave libtorch alone, which would take most of their time.</summary>
public sealed class LightStartTests : IDisposable
{
    // Runs in the program that is started, before it.
    private const string Hook = """
        internal static class StartupHook
        {
            public static void Initialize() => System.AppDomain.CurrentDomain.ProcessExit += static (_, _) => System.IO.File.WriteAllText(
                System.Environment.GetEnvironmentVariable("HITA_TEST_MAPS")!, System.IO.File.ReadAllText("/proc/self/maps"));
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, "--version")]
    [InlineData(false, "--help")]
    [InlineData(false, "presets")]
    [InlineData(false, "classes", "-m", "materials")]
    [InlineData(false, "inspect", "materials", "--brief")]
    [InlineData(true, "presets", "--ranks", "2")] // counts parameters of networks that it builds
    public async Task Commands_without_tensors_load_no_libtorch(bool loads, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the loaded libraries are read from /proc");
        var hook = _folder["hook.dll"];
        Assert.True(SourceCompiler.Compile(Hook).WithAssemblyName("hook").Emit(hook, cancellationToken: TestContext.Current.CancellationToken).Success);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Hita.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_STARTUP_HOOKS"] = hook;
        start.Environment["HITA_TEST_MAPS"] = _folder["maps"];
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await error);
        var loaded = await File.ReadAllTextAsync(_folder["maps"], TestContext.Current.CancellationToken);
        Assert.Contains("Hita.Cli.dll", loaded, StringComparison.Ordinal);
        Assert.Equal(loads, loaded.Contains("libtorch_cpu", StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_makes_the_command_that_it_names_alone()
    {
        var all = CommandLine.Root().Subcommands;
        Assert.NotEmpty(all);
        foreach (var command in all)
        {
            Assert.Equal(command.Name, Hita.Cli.CommandLineApp.Only([command.Name, "--help"]));
            Assert.Equal(command.Name, Assert.Single(CommandLine.Root(command.Name).Subcommands).Name);
        }
        // These may concern any of them.
        Assert.All((string[][])[[], ["--help"], ["--threads", "2", "presets"], ["preset"], ["[suggest]"]], static line => Assert.Null(Hita.Cli.CommandLineApp.Only(line)));
    }
}
