using System.Diagnostics;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Runtime;

public sealed class NativeLoadFaultTests
{
    private const string Library = "/opt/hita/libtorch_cpu.so";
    private const string Advice = "Unable to load shared library '/opt/hita/libtorch_cpu.so' or one of its dependencies. In order to help diagnose loading problems, consider using a tool like strace.:\n";

    [Theory]
    [InlineData("failed to map segment from shared object")]
    [InlineData("cannot create shared object descriptor: Cannot allocate memory")]
    public void A_memory_limit_is_told_as_such(string reason)
    {
        Assert.Equal(
            "The memory limit of this process is too low to load libtorch_cpu.so (2048 MB of address space, set with ulimit -v or by a batch system): lift it (ulimit -v unlimited) or raise it to 8 GB or more.",
            NativeLoadFault.Sentence(Library, $"{Advice}{Library}: {reason}\n", 2_048_000_000));
        // Without a limit it is something else, such as a disk that nothing may be run from.
        Assert.Equal($"The native library {Library} does not load on this system: {reason}.", NativeLoadFault.Sentence(Library, $"{Advice}{Library}: {reason}\n", null));
    }

    [Fact]
    public void The_loaders_own_reason_is_told_and_not_how_to_look_for_it()
    {
        Assert.Equal(
            $"The native library {Library} does not load on this system: undefined symbol: abc.",
            NativeLoadFault.Sentence(Library, $"{Advice}/elsewhere/x.so: cannot open\n{Library}: undefined symbol: abc\n", 1000));
        Assert.Equal($"The native library {Library} does not load on this system: Wrong format.", NativeLoadFault.Sentence(Library, "Wrong format.", null));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_command_under_a_memory_limit_says_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("HITA_LIBTORCH") is null, "limits of memory are Linux's, and a libtorch of one's own takes other room");
        var program = Path.Combine(AppContext.BaseDirectory, "Hita.Cli.dll");
        var start = new ProcessStartInfo("sh", ["-c", "ulimit -v 2000000 && exec dotnet \"$0\" generate -m materials --class 1 --count 1 -o \"$1\"", program, Path.Combine(Path.GetTempPath(), "never-written")])
        {
            RedirectStandardError = true,
            WorkingDirectory = TestFiles.Root,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x10000000";
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.SkipWhen(said.Contains("CoreCLR", StringComparison.Ordinal), "the runtime itself does not start in so little");
        Assert.Equal(1, process.ExitCode);
        Assert.Matches("^hita: The memory limit of this process is too low to load lib[a-z0-9_]+\\.so \\(2048 MB of address space", said);
    }
}
