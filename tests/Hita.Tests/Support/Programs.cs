using System.Diagnostics;
using Hita.Runtime;

namespace Hita.Tests.Support;

/// <summary>Runs programs and collects what they print.</summary>
internal static class Programs
{
    /// <summary>Runs a program that must succeed.</summary>
    /// <param name="folder">Its working folder.</param>
    /// <param name="program">The program's name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it printed to its standard output.</returns>
    public static async Task<string> Run(string folder, string program, params string[] arguments)
    {
        var (code, output, error) = await Try(folder, program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with code {code}:\n{output}{error}");
        return output;
    }

    /// <summary>Runs a program, whatever its exit code.</summary>
    /// <param name="folder">Its working folder.</param>
    /// <param name="program">The program's name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<(int Code, string Output, string Error)> Try(string folder, string program, params string[] arguments)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var process = Start(folder, program, arguments);
        try
        {
            var error = process.StandardError.ReadToEndAsync(cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Starts a program, whose output the caller reads and which it ends.</summary>
    /// <param name="folder">Its working folder.</param>
    /// <param name="program">The program's name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Process Start(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment.Remove(TorchLibrary.Variable);
        // A build server would outlive the test and keep its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        return Process.Start(start)!;
    }
}
