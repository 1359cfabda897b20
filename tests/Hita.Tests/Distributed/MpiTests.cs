using System.Text.Json;
using Hita.Tests.Support;

namespace Hita.Tests.Distributed;

/// <summary>Ranks of Open MPI on this machine.</summary>
public sealed class MpiTests
{
    [Fact]
    public void Three_ranks_come_together_and_their_sums_are_right()
    {
        Ranks.SkipWithout();
        var (code, output, error) = Ranks.Run(3, "doctor", "--json");
        Assert.True(code == 0, output + error);
        var cluster = JsonDocument.Parse(Json(output)).RootElement.GetProperty("cluster");
        Assert.Equal(3, cluster.GetProperty("ranks").GetInt32());
        Assert.Equal("3 on 1 machine, whose sums are right", cluster.GetProperty("checked").GetString());
        Assert.Contains("MPI", cluster.GetProperty("mpi").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HITA_MPI=libnothing.so", "HITA_MPI names 'libnothing.so', which cannot be loaded")]
    [InlineData("HITA_MPI=libz.so.1", "'libz.so.1' is not an MPI library")]
    [InlineData("RANK=0 WORLD_SIZE=2", "variables alone bring no ranks together; start them with 'mpirun -n 2'")]
    [InlineData("RANK=2 WORLD_SIZE=2", "RANK=2 and WORLD_SIZE=2")]
    public void What_keeps_ranks_apart_is_said_in_a_sentence(string variables, string part)
    {
        Ranks.SkipWithout();
        var launched = !variables.Contains("RANK=", StringComparison.Ordinal);
        var settings = variables.Split(' ').Select(static v => v.Split('=')).ToDictionary(static v => v[0], static v => v[1], StringComparer.Ordinal);
        using var process = Ranks.Start(launched ? 2 : 0, settings, ["doctor"]);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.NotEqual(0, process.ExitCode);
        Assert.Contains(part, output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rank_of_another_build_is_named()
    {
        Ranks.SkipWithout();
        using var folder = new TemporaryFolder();
        // One more library of the program's own makes another build of it; the rest is the same.
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory).Where(static f => Path.GetExtension(f) is ".dll" or ".json"))
        {
            // The program is where its own file is, links followed.
            if (Path.GetFileName(file).StartsWith("Hita", StringComparison.Ordinal))
                File.Copy(file, folder[Path.GetFileName(file)]);
            else
                File.CreateSymbolicLink(folder[Path.GetFileName(file)], file);
        }
        Directory.CreateSymbolicLink(folder["runtimes"], Path.Combine(AppContext.BaseDirectory, "runtimes"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Hita.Hub.dll"), folder["Hita.Old.dll"]);
        var script = folder["rank.sh"];
        File.WriteAllText(script, $"""
            #!/bin/sh
            if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then exec dotnet '{folder["Hita.Cli.dll"]}' doctor; fi
            exec dotnet '{Path.Combine(AppContext.BaseDirectory, "Hita.Cli.dll")}' doctor
            """);
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("mpirun", ["--allow-run-as-root", "--oversubscribe", "-n", "2", "sh", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.NotEqual(0, process.ExitCode);
        Assert.Matches(@"Rank 1 \(host [^)]+\) runs another build of Hita", output);
    }

    // The launcher gives rank 0 a terminal, of which the runtime tries the keys.
    private static string Json(string output) => output[output.IndexOf('{', StringComparison.Ordinal)..];
}
