using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>When the launcher takes the sources to be changed: by their files, never by their folders.</summary>
public sealed class LauncherSourcesTests : IDisposable
{
    private readonly LauncherCheckout _checkout = new();

    public LauncherSourcesTests() => Assert.Equal("Building Hita (first start)…\n", _checkout.Start().Error);

    public void Dispose() => _checkout.Dispose();

    [Theory]
    [InlineData("src/Hita/bin/Release/net10.0/Hita.dll")]
    [InlineData("src/Hita/obj/project.assets.json")]
    [InlineData("src/Hita.Metrics/obj/x.cs")] // a project that another branch has
    [InlineData("models/one/generator/packed/float32.packed")]
    [InlineData("src/Hita/.A.cs.swp")]
    [InlineData("src/Hita/A.cs~")]
    [InlineData("src/Hita/Hita.csproj.user")]
    [InlineData("src/.vs/state/x.json")]
    [InlineData("tests/Hita.Tests/Some.cs")]
    [InlineData("bench/Hita.Studies/Some.cs")]
    [InlineData("README.md")]
    public void What_is_no_source_does_not_count(string path)
    {
        _checkout.Write(path, "new");
        AssertNotBuilt();
        File.Delete(Path.Combine(_checkout.Root, path));
        AssertNotBuilt();
    }

    [Fact]
    public void Times_of_folders_do_not_count()
    {
        foreach (var folder in (string[])["src", "src/Hita", "models", "models/one", "build"])
            _checkout.SetTime(folder, DateTime.UtcNow.AddSeconds(5));
        AssertNotBuilt();
    }

    [Theory]
    [InlineData("src/Hita/A.cs")]
    [InlineData("src/Hita.Metrics/New.cs")]
    [InlineData("bench/Hita.Bench/New.cs")]
    [InlineData("models/one/generator/model.safetensors")]
    [InlineData("Directory.Build.targets")]
    [InlineData("nuget.config")]
    public void A_file_that_comes_with_an_old_time_is_a_change(string path)
    {
        _checkout.Write(path, "old");
        _checkout.SetTime(path, DateTime.UtcNow.AddYears(-1));
        AssertBuiltOnce();
    }

    [Fact]
    public void A_file_of_the_same_size_from_the_past_is_a_change()
    {
        _checkout.SetTime("src/Hita/A.cs", DateTime.UtcNow.AddYears(-1));
        AssertBuiltOnce();
    }

    [Fact]
    public void A_file_that_goes_is_a_change()
    {
        File.Delete(Path.Combine(_checkout.Root, "src/Hita/A.cs"));
        AssertBuiltOnce();
    }

    [Fact]
    public void A_file_that_is_renamed_is_a_change()
    {
        File.Move(Path.Combine(_checkout.Root, "src/Hita/A.cs"), Path.Combine(_checkout.Root, "src/Hita/B.cs"));
        AssertBuiltOnce();
    }

    [Fact]
    public void A_model_behind_a_symbolic_link_is_looked_at()
    {
        Directory.CreateDirectory(_checkout["elsewhere"]);
        File.CreateSymbolicLink(Path.Combine(_checkout.Root, "models", "two"), _checkout["elsewhere"]);
        AssertNotBuilt();
        _checkout.Write(_checkout["elsewhere/model.safetensors"], "weights");
        AssertBuiltOnce();
    }

    [Fact]
    public void A_file_from_the_future_is_built_once()
    {
        _checkout.SetTime("src/Hita/A.cs", DateTime.UtcNow.AddYears(1));
        AssertBuiltOnce();
    }

    [Fact]
    public void The_shell_and_the_time_zone_do_not_matter()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/busybox") || File.Exists("/bin/busybox"), "needs busybox, which brings tools of its own");
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", ""), _checkout.Start(new LauncherStart { Shell = ["busybox", "sh"], Variables = [("TZ", "Asia/Tokyo")] }));
    }

    [Fact]
    public void Two_checkouts_that_share_a_build_folder_get_each_their_own_program()
    {
        using var other = new LauncherCheckout();
        var shared = ("HITA_BUILD_DIR", (string?)_checkout["shared"]);
        Assert.Equal("Building Hita (first start)…\n", _checkout.Start([], shared).Error);
        other.Write("src/Hita/Other.cs", "");
        other.SetTime("src/Hita/Other.cs", DateTime.UtcNow.AddYears(-1));
        Assert.Equal("Building Hita (the sources changed)…\n", other.Start([], shared).Error);
    }

    [Fact]
    public void The_launcher_for_Windows_looks_at_the_same_files()
    {
        var windows = File.ReadAllText(Path.Combine(TestFiles.Root, "hita.cmd"));
        var posix = File.ReadAllText(Path.Combine(TestFiles.Root, "hita"));
        foreach (var name in (string[])["src bench/Hita.Bench build models", "Directory.* global.json"])
        {
            Assert.Contains(name.Replace('/', '\\'), windows, StringComparison.Ordinal);
            Assert.Contains(name, posix, StringComparison.Ordinal);
        }
        Assert.Contains("/XD bin obj packed ", windows, StringComparison.Ordinal);
        Assert.Contains("-name bin -o -name obj -o -name packed", posix, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", windows.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private void AssertNotBuilt()
    {
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", ""), _checkout.Start());
        Assert.Single(_checkout.Builds);
    }

    private void AssertBuiltOnce()
    {
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", "Building Hita (the sources changed)…\n"), _checkout.Start());
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", ""), _checkout.Start());
        Assert.Equal(2, _checkout.Builds.Length);
    }
}
