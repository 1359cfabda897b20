using System.Text.RegularExpressions;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>
/// The launchers for Windows and for other systems are in step: the same variables, the same build, the same sentences. The one for Windows
/// has not been run by these tests.
/// </summary>
public sealed partial class LauncherPairTests
{
    private static readonly string Windows = File.ReadAllText(Path.Combine(TestFiles.Root, "hita.cmd")).ReplaceLineEndings("\n");
    private static readonly string Posix = File.ReadAllText(Path.Combine(TestFiles.Root, "hita")).ReplaceLineEndings("\n");

    [Fact]
    public void Both_know_the_same_variables()
    {
        var windows = Variables(Windows);
        // The mark says which programs run, so that their folders stay; on Windows the system keeps folders of running programs.
        Assert.Equal(Variables(Posix).Except(["HITA_RUN_MARK"]), windows);
        Assert.Equal(["DOTNET_GCgen0size", "DOTNET_ROOT", "HITA_BUILD_DIR", "HITA_LIBTORCH", "HITA_TORCH_BACKEND"], windows);
    }

    [Fact]
    public void Both_build_with_the_same_options()
    {
        var posix = Options(Posix);
        Assert.Contains("-p:TreatWarningsAsErrors=false", posix);
        Assert.Equal(posix, Options(Windows));
    }

    [Fact]
    public void Both_say_the_same_sentences()
    {
        var posix = Sentences(Posix, PosixSentence()).ToHashSet(StringComparer.Ordinal);
        var windows = Sentences(Windows, WindowsSentence()).ToList();
        Assert.True(windows.Count >= 8, string.Join('\n', windows));
        Assert.DoesNotContain(windows, w => !posix.Contains(w));
        // What has no counterpart on Windows.
        string[] others =
        [
            "the folder of this script, {}, cannot be entered.",
            "the .NET SDK cannot build in {}: the name has a line break, a double quote or a percent sign; move the checkout.",
            "the program was built, but {} cannot be written to the end: free some space or name another folder with HITA_BUILD_DIR.",
            "{} holds a program that this user may not read: name another folder for the built program with HITA_BUILD_DIR.",
        ];
        Assert.Equal(others.Order(StringComparer.Ordinal), posix.Except(windows).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Both_take_a_libtorch_of_ones_own_and_stop_looking_at_two_dashes()
    {
        Assert.Contains("--libtorch | --libtorch=* | --libtorch:*) backend=none", Posix, StringComparison.Ordinal);
        Assert.Contains("--) break", Posix, StringComparison.Ordinal);
        Assert.Contains("if \"%%B\"==\"--libtorch\" set \"backend=none\"", Windows, StringComparison.Ordinal);
        Assert.Contains("if \"%%~A\"==\"--\" set \"rest=1\"", Windows, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_that_the_windows_one_goes_to_are_there()
    {
        var wanted = Target().Matches(Windows).Select(static m => m.Groups[1].Value.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal);
        var there = Label().Matches(Windows).Select(static m => m.Groups[1].Value.ToLowerInvariant()).Order(StringComparer.Ordinal);
        Assert.Equal(there, wanted);
        Assert.Equal(Windows.Count(static c => c == '('), Windows.Count(static c => c == ')'));
    }

    private static List<string> Variables(string text) => [.. Variable().Matches(text).Select(static m => m.Value).Distinct().Order(StringComparer.Ordinal)];

    private static List<string> Options(string text)
    {
        var at = Regex.Match(text, "build src[/\\\\]Hita.Cli[/\\\\]Hita.Cli.csproj").Index;
        var command = text[at..text.IndexOf("GenerateDocumentationFile=false", at, StringComparison.Ordinal)].Replace("\\\n", " ", StringComparison.Ordinal);
        return [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(static w => w.TrimStart('"').StartsWith('-')).Select(static w => Plain(w.Trim('"'))).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Sentences(string text, Regex form) => form.Matches(text).Select(static m => Plain(m.Groups["text"].Value)).Where(static s => s.Length > 12);

    // The name of a variable, its quotes, and what one alphabet has and the other has not.
    private static string Plain(string text) => Regex.Replace(text, "\"?(\\$\\{?\\w+\\}?|%\\w+%)([/\\\\](build\\.log|lock))?\"?", "{}")
        .Replace("…", "...", StringComparison.Ordinal)
        .Trim();

    [GeneratedRegex("(HITA_(TORCH_BACKEND|LIBTORCH|BUILD_DIR|RUN_MARK)|DOTNET_\\w+)")]
    private static partial Regex Variable();

    [GeneratedRegex("(?:say|fail|echo) [\"'](?<text>[^\"]+)[\"']")]
    private static partial Regex PosixSentence();

    [GeneratedRegex("^.*?>&2 echo (?:hita: )?(?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex WindowsSentence();

    [GeneratedRegex("(?:goto|call) :?(\\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex Target();

    [GeneratedRegex("^:(\\w+)", RegexOptions.Multiline)]
    private static partial Regex Label();
}
