using System.Diagnostics;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>What the launcher builds and starts, and when.</summary>
public sealed class LauncherTests : IDisposable
{
    private readonly LauncherCheckout _checkout = new();

    public void Dispose() => _checkout.Dispose();

    [Fact]
    public void The_first_start_builds_and_the_second_does_not()
    {
        var first = Start("presets", "--json", "a b");
        Assert.Equal((0, "ran cpu gen0=0x10000000: presets --json a b\n", "Building Hita (first start)…\n"), first);
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", ""), Start());
        Assert.Single(_checkout.Builds);
        Assert.Contains("-p:TorchBackend=cpu", _checkout.Builds[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("src/Hita/A.cs")]
    [InlineData("src/Hita/New.cs")]
    [InlineData("models/one/generator/model.safetensors")]
    [InlineData("Directory.Packages.props")]
    public void Changed_or_new_sources_are_built_once_more(string path)
    {
        Start();
        _checkout.Write(path, "changed");
        var (_, output, error) = Start();
        Assert.Equal("Building Hita (the sources changed)…\n", error);
        Assert.StartsWith("ran cpu", output, StringComparison.Ordinal);
        Assert.Equal(2, _checkout.Builds.Length);
        Assert.Single(_checkout.Apps);
    }

    [Fact]
    public void The_folder_of_a_program_that_still_runs_is_kept()
    {
        Start();
        var old = Assert.Single(_checkout.Apps);
        _checkout.Write(Path.Combine(old, "users", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)), "");
        _checkout.SetTime("global.json", DateTime.UtcNow);
        Start();
        Assert.True(Directory.Exists(old));
        Assert.Equal(2, _checkout.Apps.Length);
    }

    [Theory]
    [InlineData("none", "doctor", "--libtorch", "/x")]
    [InlineData("none", "--libtorch=/x", "doctor")]
    [InlineData("cpu", "doctor", "--", "--libtorch")]
    public void A_libtorch_of_ones_own_gets_a_program_without_one(string variant, params string[] args)
    {
        Assert.StartsWith($"ran {variant} ", Start(args).Output, StringComparison.Ordinal);
        Assert.Contains($"-p:TorchBackend={variant}", Assert.Single(_checkout.Builds), StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_chooses_the_variant_and_wrong_names_are_refused()
    {
        Assert.StartsWith("ran cuda ", _checkout.Start([], ("HITA_TORCH_BACKEND", "cuda")).Output, StringComparison.Ordinal);
        Assert.StartsWith("ran none ", _checkout.Start([], ("HITA_LIBTORCH", "/x")).Output, StringComparison.Ordinal);
        Assert.Equal(
            (2, "", "hita: HITA_TORCH_BACKEND is 'rocm'; it must be cpu, cuda or none.\n"), _checkout.Start([], ("HITA_TORCH_BACKEND", "rocm")));
    }

    [Fact]
    public void Exit_codes_pass_through() => Assert.Equal(37, Start("exit", "37").Code);

    [Fact]
    public void It_finds_its_checkout_through_symbolic_links_from_any_folder()
    {
        File.CreateSymbolicLink(_checkout["bin/link one"], Path.Combine(_checkout.Root, "hita"));
        File.CreateSymbolicLink(_checkout["link two"], "bin/link one");
        Assert.StartsWith("ran cpu", _checkout.Start(new LauncherStart { Script = _checkout["link two"] }).Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(_checkout.Root, ".hita", "cpu")));
    }

    [Fact]
    public void A_failed_build_shows_its_errors_and_leaves_nothing_behind()
    {
        _checkout.Write(_checkout["record.broken"], "");
        var (code, output, error) = Start();
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("error CS1002", error, StringComparison.Ordinal);
        Assert.Contains("hita: the build failed", error, StringComparison.Ordinal);
        File.Delete(_checkout["record.broken"]);
        Assert.Equal("Building Hita (first start)…\n", Start().Error);
    }

    [Fact]
    public async Task Two_first_starts_at_once_build_once()
    {
        _checkout.Write(_checkout["record.slow"], "");
        // Threads of their own: where the pool has no free one, the second would start after the first has built.
        var both = await Task.WhenAll(((string[])["one", "two"]).Select(
            word => Task.Factory.StartNew(() => Start(word), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.All(both, r => Assert.Equal(0, r.Code));
        Assert.Single(_checkout.Builds);
        Assert.Single(both, r => r.Error.Contains("waiting for another start", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(_checkout.Root, ".hita", "cpu", "lock")));
    }

    [Fact]
    public void The_lock_of_a_start_that_died_is_taken_over()
    {
        using var gone = Process.Start("/bin/sh", ["-c", "exit 0"]);
        gone.WaitForExit();
        _checkout.Write(".hita/cpu/lock/pid", $"{gone.Id}\n");
        Assert.Equal(0, Start().Code);
        Assert.Single(_checkout.Builds);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named_with_the_way_out()
    {
        var (code, _, error) = _checkout.Start([], ("HITA_BUILD_DIR", "/dev/null/here"));
        Assert.Equal(1, code);
        Assert.Equal(
            "hita: Hita is not built yet and /dev/null/here cannot be written: name a folder for the built program with HITA_BUILD_DIR.\n", error);
    }

    [Fact]
    public void The_built_program_may_live_elsewhere()
    {
        Assert.Equal(0, _checkout.Start([], ("HITA_BUILD_DIR", _checkout["else where"])).Code);
        Assert.True(Directory.Exists(_checkout["else where/cpu"]));
        Assert.False(Directory.Exists(Path.Combine(_checkout.Root, ".hita")));
    }

    [Fact]
    public void A_missing_sdk_is_one_sentence()
    {
        // Only the stand-in's empty folder is left to look in.
        var script = File.ReadAllText(Path.Combine(_checkout.Root, "hita"));
        const string Usual = " /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet";
        Assert.Contains(Usual, script, StringComparison.Ordinal);
        _checkout.Write("hita", script.Replace(Usual, "", StringComparison.Ordinal), executable: true);
        File.Delete(_checkout["bin/dotnet"]);
        var (code, _, error) = _checkout.Start([], ("PATH", _checkout["bin"]));
        Assert.Equal(1, code);
        Assert.StartsWith("hita: the .NET 10 SDK was not found", error, StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) Start(params string[] args) => _checkout.Start(args);
}
