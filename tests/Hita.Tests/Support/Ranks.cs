using System.Diagnostics;

namespace Hita.Tests.Support;

/// <summary>Starts the program as several ranks of Open MPI's launcher, on this machine.</summary>
internal static class Ranks
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Skips a test where there is no launcher.</summary>
    public static void SkipWithout() => Assert.SkipUnless(
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(static p => File.Exists(Path.Combine(p, "mpirun"))),
        "there is no mpirun: install openmpi-bin to try several ranks");

    /// <summary>Runs the program to its end.</summary>
    /// <param name="count">Ranks; 0 for no launcher.</param>
    /// <param name="arguments">Its arguments.</param>
    public static (int Code, string Output, string Error) Run(int count, params string[] arguments) => Run(count, new Dictionary<string, string>(), arguments);

    /// <summary>Runs the program to its end.</summary>
    /// <param name="count">Ranks; 0 for no launcher.</param>
    /// <param name="variables">Environment variables besides.</param>
    /// <param name="arguments">Its arguments.</param>
    public static (int Code, string Output, string Error) Run(int count, IReadOnlyDictionary<string, string> variables, string[] arguments)
    {
        using var process = Start(count, variables, arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{count} ranks of '{string.Join(' ', arguments)}' did not end: {output}");
        }
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    /// <summary>Starts the program; the caller ends it.</summary>
    /// <param name="count">Ranks; 0 for no launcher.</param>
    /// <param name="variables">Environment variables besides.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="program">The program's assembly; null for the one beside the tests.</param>
    public static Process Start(int count, IReadOnlyDictionary<string, string> variables, string[] arguments, string? program = null)
    {
        string[] line = ["dotnet", program ?? Path.Combine(AppContext.BaseDirectory, "Hita.Cli.dll"), .. arguments];
        string[] launcher = ["--allow-run-as-root", "--oversubscribe", "-n", $"{count}"];
        var start = new ProcessStartInfo(count > 0 ? "mpirun" : line[0], count > 0 ? [.. launcher, .. line] : line[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // A rank a processor; more would wait for each other's threads.
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
