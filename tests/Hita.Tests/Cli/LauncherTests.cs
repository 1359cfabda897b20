using System.Diagnostics;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>The launcher script in a checkout of its own, with a stand-in for <c>dotnet</c> that records what it is asked to do.</summary>
public sealed class LauncherTests : IDisposable
{
    // Builds by creating the output folder; "runs" by echoing its arguments; exits as the first argument says.
    private const string StandIn = """
        #!/bin/sh
        case $1 in
            --version) echo 10.0.100 ;;
            build)
                echo "$*" >>"$RECORD"
                [ ! -f "$RECORD.slow" ] || sleep 1
                [ ! -f "$RECORD.broken" ] || { echo "Program.cs(1,1): error CS1002: ; expected"; exit 1; }
                while [ "$1" != -o ]; do shift; done
                mkdir -p "$2" && : >"$2/Hita.Cli.dll"
                ;;
            *)
                program=$1
                shift
                echo "ran $(basename "$(dirname "$(dirname "$program")")") gen0=$DOTNET_GCgen0size:" "$@"
                [ "${1:-}" != exit ] || exit "$2"
                ;;
        esac
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _checkout;

    public LauncherTests()
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "the launcher is a POSIX shell script");
        _checkout = _folder["check out"];
        foreach (var folder in (string[])["src/Hita", "src/Hita.Cli", "build", "models/one/generator"])
            Directory.CreateDirectory(Path.Combine(_checkout, folder));
        foreach (var file in (string[])["src/Hita/A.cs", "build/TorchBackend.props", "Directory.Build.props", "Directory.Packages.props", "global.json"])
            Write(Path.Combine(_checkout, file), "");
        Write(Path.Combine(_checkout, "hita"), File.ReadAllText(Path.Combine(TestFiles.Root, "hita")), executable: true);
        Directory.CreateDirectory(_folder["bin"]);
        Write(_folder["bin/dotnet"], StandIn, executable: true);
        foreach (var file in Directory.EnumerateFiles(_checkout, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(-5));
        foreach (var directory in Directory.EnumerateDirectories(_checkout, "*", SearchOption.AllDirectories))
            Directory.SetLastWriteTimeUtc(directory, DateTime.UtcNow.AddMinutes(-5));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_start_builds_and_the_second_does_not()
    {
        var first = Start("presets", "--json", "a b");
        Assert.Equal((0, "ran cpu gen0=0x10000000: presets --json a b\n", "Building Hita (first start)…\n"), first);
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", ""), Start());
        Assert.Single(Builds());
        Assert.Contains("-p:TorchBackend=cpu", Builds()[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("src/Hita/A.cs")]
    [InlineData("src/Hita/New.cs")]
    [InlineData("models/one/generator/model.safetensors")]
    [InlineData("Directory.Packages.props")]
    public void Changed_or_new_sources_are_built_once_more(string path)
    {
        Start();
        Write(Path.Combine(_checkout, path), "changed");
        File.SetLastWriteTimeUtc(Path.Combine(_checkout, path), DateTime.UtcNow.AddSeconds(5));
        var (_, output, error) = Start();
        Assert.Equal("Building Hita (the sources changed)…\n", error);
        Assert.StartsWith("ran cpu", output, StringComparison.Ordinal);
        Assert.Equal(2, Builds().Length);
        Assert.Single(Directory.GetDirectories(Path.Combine(_checkout, ".hita", "cpu"), "app-*"));
    }

    [Fact]
    public void Build_outputs_inside_the_sources_do_not_count_as_changes()
    {
        Start();
        Directory.CreateDirectory(Path.Combine(_checkout, "src", "Hita", "obj"));
        Directory.SetLastWriteTimeUtc(Path.Combine(_checkout, "src", "Hita"), DateTime.UtcNow.AddMinutes(-5));
        Write(Path.Combine(_checkout, "src", "Hita", "obj", "x.cs"), "");
        Start();
        Assert.Single(Builds());
    }

    [Fact]
    public void A_model_that_comes_with_an_old_time_is_a_change()
    {
        Start();
        var model = Path.Combine(_checkout, "models", "one", "generator");
        Write(Path.Combine(model, "model.safetensors"), "");
        File.SetLastWriteTimeUtc(Path.Combine(model, "model.safetensors"), DateTime.UtcNow.AddYears(-1));
        Directory.SetLastWriteTimeUtc(model, DateTime.UtcNow.AddSeconds(5));
        Start();
        Assert.Equal(2, Builds().Length);
    }

    [Fact]
    public void Packed_weights_beside_a_model_do_not_count_as_changes()
    {
        Start();
        var packed = Directory.CreateDirectory(Path.Combine(_checkout, "models", "one", "generator", "packed")).FullName;
        Write(Path.Combine(packed, "float32.packed"), "");
        foreach (var path in (string[])[Path.Combine(packed, "float32.packed"), packed, Path.GetDirectoryName(packed)!])
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(5));
        Start();
        Assert.Single(Builds());
    }

    [Fact]
    public void The_folder_of_a_program_that_still_runs_is_kept()
    {
        Start();
        var old = Assert.Single(Directory.GetDirectories(Path.Combine(_checkout, ".hita", "cpu"), "app-*"));
        Write(Path.Combine(old, "users", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)), "");
        File.SetLastWriteTimeUtc(Path.Combine(_checkout, "global.json"), DateTime.UtcNow.AddSeconds(5));
        Start();
        Assert.True(Directory.Exists(old));
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(_checkout, ".hita", "cpu"), "app-*").Length);
    }

    [Theory]
    [InlineData("none", "doctor", "--libtorch", "/x")]
    [InlineData("none", "--libtorch=/x", "doctor")]
    [InlineData("cpu", "doctor", "--", "--libtorch")]
    public void A_libtorch_of_ones_own_gets_a_program_without_one(string variant, params string[] args)
    {
        Assert.StartsWith($"ran {variant} ", Start(args).Output, StringComparison.Ordinal);
        Assert.Contains($"-p:TorchBackend={variant}", Assert.Single(Builds()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_chooses_the_variant_and_wrong_names_are_refused()
    {
        Assert.StartsWith("ran cuda ", Start([], ("HITA_TORCH_BACKEND", "cuda")).Output, StringComparison.Ordinal);
        Assert.StartsWith("ran none ", Start([], ("HITA_LIBTORCH", "/x")).Output, StringComparison.Ordinal);
        Assert.Equal(
            (2, "", "hita: HITA_TORCH_BACKEND is 'rocm'; it must be cpu, cuda or none.\n"), Start([], ("HITA_TORCH_BACKEND", "rocm")));
    }

    [Fact]
    public void Exit_codes_pass_through() => Assert.Equal(37, Start("exit", "37").Code);

    [Fact]
    public void It_finds_its_checkout_through_symbolic_links_from_any_folder()
    {
        File.CreateSymbolicLink(_folder["bin/link one"], Path.Combine(_checkout, "hita"));
        File.CreateSymbolicLink(_folder["link two"], "bin/link one");
        Assert.StartsWith("ran cpu", Start([], script: _folder["link two"]).Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(_checkout, ".hita", "cpu")));
    }

    [Fact]
    public void A_failed_build_shows_its_errors_and_leaves_nothing_behind()
    {
        Write(_folder["record.broken"], "");
        var (code, output, error) = Start();
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("error CS1002", error, StringComparison.Ordinal);
        Assert.Contains("hita: the build failed", error, StringComparison.Ordinal);
        File.Delete(_folder["record.broken"]);
        Assert.Equal("Building Hita (first start)…\n", Start().Error);
    }

    [Fact]
    public async Task Two_first_starts_at_once_build_once()
    {
        Write(_folder["record.slow"], "");
        // Threads of their own: where the pool has no free one, the second would start after the first has built.
        var both = await Task.WhenAll(((string[])["one", "two"]).Select(
            word => Task.Factory.StartNew(() => Start(word), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.All(both, r => Assert.Equal(0, r.Code));
        Assert.Single(Builds());
        Assert.Single(both, r => r.Error.Contains("waiting for another start", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(_checkout, ".hita", "cpu", "lock")));
    }

    [Fact]
    public void The_lock_of_a_start_that_died_is_taken_over()
    {
        using var gone = Process.Start("/bin/sh", ["-c", "exit 0"]);
        gone.WaitForExit();
        Directory.CreateDirectory(Path.Combine(_checkout, ".hita", "cpu", "lock"));
        Write(Path.Combine(_checkout, ".hita", "cpu", "lock", "pid"), $"{gone.Id}\n");
        Assert.Equal(0, Start().Code);
        Assert.Single(Builds());
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named_with_the_way_out()
    {
        var (code, _, error) = Start([], ("HITA_BUILD_DIR", "/dev/null/here"));
        Assert.Equal(1, code);
        Assert.Equal(
            "hita: Hita is not built yet and /dev/null/here cannot be written: name a folder for the built program with HITA_BUILD_DIR.\n", error);
    }

    [Fact]
    public void The_built_program_may_live_elsewhere()
    {
        Assert.Equal(0, Start([], ("HITA_BUILD_DIR", _folder["else where"])).Code);
        Assert.True(Directory.Exists(_folder["else where/cpu"]));
        Assert.False(Directory.Exists(Path.Combine(_checkout, ".hita")));
    }

    [Fact]
    public void A_missing_sdk_is_one_sentence()
    {
        // Only the stand-in's empty folder is left to look in.
        var script = File.ReadAllText(Path.Combine(_checkout, "hita"));
        const string Usual = " /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet";
        Assert.Contains(Usual, script, StringComparison.Ordinal);
        Write(Path.Combine(_checkout, "hita"), script.Replace(Usual, "", StringComparison.Ordinal), executable: true);
        File.Delete(_folder["bin/dotnet"]);
        var (code, _, error) = Start([], ("PATH", _folder["bin"]));
        Assert.Equal(1, code);
        Assert.StartsWith("hita: the .NET 10 SDK was not found", error, StringComparison.Ordinal);
    }

    private string[] Builds() => File.Exists(_folder["record"]) ? File.ReadAllLines(_folder["record"]) : [];

    private (int Code, string Output, string Error) Start(params string[] args) => Start(args, []);

    private (int Code, string Output, string Error) Start(string[] args, (string Name, string Value) variable) => Start(args, [variable]);

    private (int Code, string Output, string Error) Start(string[] args, (string Name, string Value)[]? variables = null, string? script = null)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.ArgumentList.Add(script ?? Path.Combine(_checkout, "hita"));
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        foreach (var name in (string[])["HITA_TORCH_BACKEND", "HITA_LIBTORCH", "HITA_BUILD_DIR", "DOTNET_GCgen0size", "DOTNET_ROOT"])
            start.Environment.Remove(name);
        start.Environment["PATH"] = $"{_folder["bin"]}:/usr/bin:/bin";
        start.Environment["HOME"] = _folder.Path;
        start.Environment["RECORD"] = _folder["record"];
        foreach (var (name, value) in variables ?? [])
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    private static void Write(string path, string text, bool executable = false)
    {
        File.WriteAllText(path, text);
        if (executable && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
