using System.Diagnostics;

namespace Hita.Tests.Support;

/// <summary>A disk of its own that holds few bytes; the test is skipped where none can be mounted.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SmallDisk(int bytes)
    {
        var mounted = false;
        try
        {
            Directory.CreateDirectory(Path);
            Assert.SkipUnless(OperatingSystem.IsLinux(), "a small disk of its own needs Linux");
            mounted = Runs("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", Path);
            Assert.SkipUnless(mounted, "a small disk of its own needs the right to mount one");
        }
        catch when (!mounted)
        {
            _folder.Dispose();
            throw;
        }
    }

    public string Path => _folder["disk"];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        Runs("umount", Path);
        _folder.Dispose();
    }

    private static bool Runs(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
