using System.Diagnostics;
using System.Text.RegularExpressions;
using Hita.Tests.Support;

namespace Hita.Tests.Conventions;

/// <summary>What the README's commands write is not offered to version control.</summary>
public sealed partial class IgnoredOutputsTests
{
    [Fact]
    public void The_outputs_of_the_readme_are_ignored()
    {
        var outputs = OutputPattern().Matches(File.ReadAllText(Path.Combine(TestFiles.Root, "README.md"))).Select(static m => m.Groups[1].Value).Distinct().ToList();
        Assert.Contains("styled.png", outputs);
        Assert.Contains("looks", outputs);
        foreach (var output in outputs)
        {
            // A folder is ignored by the pattern of a folder only where it is named as one.
            Assert.True(Ignored(output) || Ignored(output + "/x.png"), $"{output} is not ignored.");
        }
        Assert.False(Ignored("README.md"));
        Assert.False(Ignored("docs/images/generated.jpg"));
    }

    private static bool Ignored(string path)
    {
        using var git = Start(path);
        if (git is null)
        {
            Assert.Skip("git is not here");
            return true;
        }
        git.WaitForExit();
        if (git.ExitCode is not (0 or 1))
            Assert.Skip("this is no checkout");
        return git.ExitCode == 0;
    }

    private static Process? Start(string path)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("git", ["check-ignore", "-q", "--no-index", path]) { WorkingDirectory = TestFiles.Root, RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\./hita [^\n|]*-o (\S+)")]
    private static partial Regex OutputPattern();
}
