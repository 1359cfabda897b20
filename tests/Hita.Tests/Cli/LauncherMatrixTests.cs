using System.Diagnostics;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>The launcher under several shells, for its owner and for another user, in checkouts that can and cannot be written.</summary>
public sealed class LauncherMatrixTests
{
    private const string Ran = "ran cpu gen0=0x10000000: go\n";
    private static readonly Lazy<bool> MayMount = new(() => IsRoot && Succeeds("unshare", "-m", "true"));

    private static readonly string[] AsNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

    private static bool IsRoot => Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows();

    public static TheoryData<string, bool, bool> Cases()
    {
        var cases = new TheoryData<string, bool, bool>();
        foreach (var shell in (string[])["dash", "busybox sh", "bash --posix", "bash", "mksh", "ksh", "yash"])
        {
            foreach (var otherUser in (bool[])[false, true])
            {
                cases.Add(shell, otherUser, false);
                cases.Add(shell, otherUser, true);
            }
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_builds_where_it_can_and_runs_wherever_something_is_built(string shell, bool otherUser, bool readOnly)
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, shell, otherUser, readOnly);
        var store = Path.Combine(checkout.Root, ".hita");
        var writable = !otherUser && !readOnly;

        var unbuilt = writable
            ? (0, Ran, "Building Hita (first start)…\n")
            : (1, "", $"hita: Hita is not built yet and {store} cannot be written: name a folder for the built program with HITA_BUILD_DIR.\n");
        Assert.Equal(unbuilt, checkout.Start(how));

        checkout.Start();
        Assert.Equal((0, Ran, ""), checkout.Start(how));

        checkout.Write("src/Hita/A.cs", "changed");
        var changed = writable
            ? (0, Ran, "Building Hita (the sources changed)…\n")
            : (0, Ran, $"hita: the sources changed since the program was built, but {store} cannot be written: starting the program as it was built.\n");
        Assert.Equal(changed, checkout.Start(how));
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("busybox sh")]
    [InlineData("bash --posix")]
    public void A_build_folder_of_ones_own_serves_a_read_only_checkout_of_another_user(string shell)
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, shell, otherUser: true, readOnly: true);
        LauncherCheckout.SetMode(Directory.CreateDirectory(checkout["mine"]).FullName, 0b111_111_111);
        checkout.Write(checkout["record"], "");
        LauncherCheckout.SetMode(checkout["record"], 0b110_110_110);
        how = how with { Variables = [("HITA_BUILD_DIR", checkout["mine"])] };
        Assert.Equal((0, Ran, "Building Hita (first start)…\n"), checkout.Start(how));
        Assert.Equal((0, Ran, ""), checkout.Start(how));
        Assert.False(Directory.Exists(Path.Combine(checkout.Root, ".hita")));
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("busybox sh")]
    [InlineData("bash --posix")]
    public void A_program_that_may_not_be_read_is_said(string shell)
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, shell, otherUser: true, readOnly: false);
        checkout.Start();
        var store = Path.Combine(checkout.Root, ".hita");
        LauncherCheckout.SetMode(store, 0b111_000_000);
        Assert.Equal(
            (1, "", $"hita: {store} holds a program that this user may not read: name another folder for the built program with HITA_BUILD_DIR.\n"),
            checkout.Start(how));
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("busybox sh")]
    [InlineData("bash --posix")]
    public void The_lock_of_another_users_dead_start_does_not_hold_anyone_up(string shell)
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, shell, otherUser: true, readOnly: false);
        checkout.Start();
        using var gone = Process.Start("/bin/sh", ["-c", "exit 0"]);
        gone.WaitForExit();
        checkout.Write(".hita/cpu/lock/pid", $"{gone.Id}\n");
        checkout.Write("src/Hita/A.cs", "changed");
        var (code, output, error) = checkout.Start(how);
        Assert.Equal((0, Ran), (code, output));
        Assert.Contains("starting the program as it was built", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("busybox sh")]
    [InlineData("bash --posix")]
    public async Task A_lock_that_another_users_live_start_holds_is_waited_for(string shell)
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, shell, otherUser: true, readOnly: false);
        checkout.Write(".hita/cpu/lock/pid", $"{Environment.ProcessId} {Environment.MachineName}\n");
        checkout.Write(checkout["record"], "");
        LauncherCheckout.SetMode(checkout["record"], 0b110_110_110);
        LauncherCheckout.SetMode(Path.Combine(checkout.Root, ".hita"), 0b111_111_111);
        LauncherCheckout.SetMode(Path.Combine(checkout.Root, ".hita", "cpu"), 0b111_111_111);
        using var process = checkout.Begin(how);
        Assert.Equal("hita: waiting for another start that is building…", await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken));
        Directory.Delete(Path.Combine(checkout.Root, ".hita", "cpu", "lock"), recursive: true);
        Assert.Equal("Building Hita (first start)…", await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("busybox sh")]
    [InlineData("bash --posix")]
    public void A_full_disk_is_a_sentence(string shell)
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, shell, otherUser: false, readOnly: false);
        Assert.SkipUnless(MayMount.Value, "needs the right to mount");
        Directory.CreateDirectory(checkout["full"]);
        // Room for two folders and nothing more: the lock can be made, but not be written.
        how = how with
        {
            Before = ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k,nr_inodes=3 none \"$1\" && shift && exec \"$@\"", "sh", checkout["full"]],
            Variables = [("HITA_BUILD_DIR", checkout["full"])],
        };
        Assert.Equal(
            (1, "", $"hita: Hita is not built yet and {checkout["full"]} cannot be written: name a folder for the built program with HITA_BUILD_DIR.\n"),
            checkout.Start(how));
    }

    [Fact]
    public async Task A_build_from_which_another_user_runs_is_kept()
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, "dash", otherUser: true, readOnly: false);
        checkout.Start();
        var old = Assert.Single(checkout.Apps);
        using var running = checkout.Begin(how with { Arguments = ["wait", checkout["end"]] });
        Assert.StartsWith("ran cpu", await running.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(old, "users")), f => Path.GetFileName(f).StartsWith($"{running.Id}-", StringComparison.Ordinal));
        checkout.Write("src/Hita/A.cs", "changed");
        Assert.Equal("Building Hita (the sources changed)…\n", checkout.Start().Error);
        Assert.True(Directory.Exists(old));
        checkout.Write(checkout["end"], "");
        await running.WaitForExitAsync(TestContext.Current.CancellationToken);
        checkout.Write("src/Hita/A.cs", "changed again");
        checkout.Start();
        Assert.False(Directory.Exists(old));
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("busybox sh")]
    [InlineData("bash --posix")]
    public void An_environment_without_home_and_path_is_enough(string shell)
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, shell, otherUser: false, readOnly: false);
        how = how with
        {
            Shell = [Where(how.Shell[0])!, .. how.Shell.Skip(1)],
            // An empty folder stands for an empty PATH, for which shells take a list of their own.
            Variables = [("HOME", null), ("PATH", checkout["empty"]), ("DOTNET_ROOT", checkout["bin"])],
        };
        Assert.Equal((0, Ran, "Building Hita (first start)…\n"), checkout.Start(how));
        Assert.Equal((0, Ran, ""), checkout.Start(how));
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("busybox sh")]
    [InlineData("bash --posix")]
    public void A_dotnet_on_a_relative_path_is_found(string shell)
    {
        using var checkout = new LauncherCheckout();
        var how = Prepare(checkout, shell, otherUser: false, readOnly: false) with
        {
            Folder = checkout["."],
            Variables = [("PATH", "bin:/usr/bin:/bin")],
        };
        Assert.Equal((0, Ran, "Building Hita (first start)…\n"), checkout.Start(how));
    }

    [Theory]
    [InlineData("two  spaces", null)]
    [InlineData("-rf", null)]
    [InlineData("a'b", "a%27b")]
    [InlineData("a;b,c", "a%3Bb%2Cc")]
    [InlineData("$HOME@(x)", "%24HOME%40(x)")]
    [InlineData("é*?[x]", null)]
    public void Odd_names_of_checkouts_are_built_in(string name, string? inProperties)
    {
        using var checkout = new LauncherCheckout(name);
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", "Building Hita (first start)…\n"), checkout.Start());
        Assert.Contains($"/{inProperties ?? name}/.hita/cpu/build", Assert.Single(checkout.Builds), StringComparison.Ordinal);
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", ""), checkout.Start());
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("a line break at the end\n")]
    [InlineData("a\"b")]
    [InlineData("a%20b")]
    public void Names_that_the_sdk_cannot_build_in_are_said(string name)
    {
        using var checkout = new LauncherCheckout(name);
        Assert.Equal(
            (1, "", $"hita: the .NET SDK cannot build in {checkout.Root}: the name has a line break, a double quote or a percent sign; move the checkout.\n"),
            checkout.Start());
    }

    [Fact]
    public void A_checkout_behind_a_link_is_the_same_checkout()
    {
        using var checkout = new LauncherCheckout();
        checkout.Start();
        Directory.CreateSymbolicLink(checkout["a link"], checkout.Root);
        Assert.Equal((0, "ran cpu gen0=0x10000000:\n", ""), checkout.Start(new LauncherStart { Script = checkout["a link/hita"] }));
    }

    private static LauncherStart Prepare(LauncherCheckout checkout, string shell, bool otherUser, bool readOnly)
    {
        var words = shell.Split(' ');
        Assert.SkipUnless(Where(words[0]) is not null, $"needs {words[0]}, which is not installed here");
        Assert.SkipUnless(!otherUser || (IsRoot && Where("setpriv") is not null), "needs root and setpriv, to become another user");
        Assert.SkipUnless(!readOnly || MayMount.Value, "needs the right to mount, for a read-only checkout");
        string[] mount = readOnly
            ? ["unshare", "-m", "sh", "-c", "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" && shift && exec \"$@\"", "sh", checkout.Root]
            : [];
        return new() { Shell = words, Before = [.. mount, .. otherUser ? AsNobody : []], Arguments = ["go"] };
    }

    private static string? Where(string program) =>
        ((string[])["/usr/bin", "/bin", "/usr/sbin", "/sbin"]).Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);

    private static bool Succeeds(string program, params string[] arguments)
    {
        if (Where(program) is null)
            return false;
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
