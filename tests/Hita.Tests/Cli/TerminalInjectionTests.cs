using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Data.Conversion;
using Hita.Editing;
using Hita.Runtime;
using Hita.Tests.Editing;
using Hita.Tests.Support;
using Spectre.Console;

namespace Hita.Tests.Cli;

/// <summary>Names that would command a terminal, forge a line or read otherwise than they are.</summary>
public sealed class TerminalInjectionTests : IDisposable
{
    private const string Evil = "a\u001b]0;owned\a\r\nhita: all is well\u202egnp.\u009b2J";

    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        _folder.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    [Fact]
    public void No_line_of_any_kind_passes_a_name_through_as_it_is()
    {
        var terminal = new Terminal(_output, _error, console: null, errorIsTerminal: false, new ManualClock());
        terminal.Line(Evil);
        terminal.Heading(Evil);
        terminal.Fields([(Evil, Evil), new Field("several", Evil, Evil)]);
        terminal.Table([Evil, "x"], [[Evil, "1"]]);
        JsonOutput.Write(terminal, new { Name = Evil });
        terminal.Error.WriteLine(Evil);
        using (var progress = new ProgressLine(terminal, Evil, Evil, 1, TimeSpan.Zero))
            progress.Report(1, Evil);
        ErrorBoundary.Run(terminal, static () => throw new HitaException($"{Evil}: this is no image."), CancellationToken.None);
        ErrorBoundary.Run(terminal, static () => throw new FileNotFoundException($"Could not find file '{Evil}'."), CancellationToken.None);
        AssertHarmless(_output.ToString(), lines: 1 + 1 + 3 + 2 + 3);
        AssertHarmless(_error.ToString(), lines: 1 + 2 + 2);
    }

    [Fact]
    public void On_a_terminal_tables_headings_and_progress_are_harmless_too()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(_output) });
        console.Profile.Width = 400;
        var terminal = new Terminal(_output, _error, console, errorIsTerminal: true, new ManualClock(), static () => 500);
        terminal.Heading(Evil);
        terminal.Table([Evil, "x"], [[Evil, "[red]1[/]"]]);
        using (var progress = new ProgressLine(terminal, Evil, "images", 1))
            progress.Report(1, Evil);
        AssertHarmless(_output.ToString(), lines: null);
        AssertHarmless(_error.ToString().Replace("\r", "", StringComparison.Ordinal), lines: 1);
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("reconstruct", "-o", "OUT")]
    [InlineData("data", "check")]
    [InlineData("replay")]
    [InlineData("inpaint", "--lower-half", "-m", "tiny", "-o", "OUT.png")]
    [InlineData("decode", "-o", "OUT")]
    [InlineData("verify", "--preset", "tiny", "--weights-by-name")]
    public void Commands_say_the_name_of_a_bad_file_on_one_line(params string[] words)
    {
        var file = _folder[$"{Evil}.png".Replace('/', '-')];
        File.WriteAllText(file, "no image");
        var (code, output, error) = CommandLine.Run([.. words.Select(w => w.StartsWith("OUT", StringComparison.Ordinal) ? _folder[w] : w), file]);
        Assert.NotEqual(0, code);
        AssertHarmless(output, lines: null);
        AssertHarmless(error, lines: null);
        Assert.DoesNotContain(error.Split('\n'), static l => l.StartsWith("hita: all is well", StringComparison.Ordinal));
        Assert.DoesNotContain("unexpected", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_of_the_command_line_is_not_trusted_either()
    {
        var (code, _, error) = CommandLine.Run(Evil);
        Assert.Equal(2, code);
        AssertHarmless(error, lines: 1);
    }

    [Fact]
    public void Names_of_files_and_folders_that_are_written_are_safe()
    {
        Assert.Matches("^[-.a-zA-Z0-9]+$", OutputNames.Safe(Evil));
        Assert.All(FolderSetWriter.FolderNames([Evil, "b\u202ec", "=HYPERLINK(\"x\")", "<script>alert(1)</script>"]), static n => Assert.Equal(n, PrintableText.Escape(n)));
        var cats = new string('猫', 80);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(OutputNames.Safe(cats)), 100, 150);
        Assert.All(OutputNames.Safe(cats), static c => Assert.Equal('猫', c));
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(FolderSetWriter.FolderNames([cats + cats])[0]), 100, 255);
    }

    [Fact]
    public void A_page_shows_a_name_as_text()
    {
        const string Script = "<script>alert('1')</script>=HYPERLINK(\"http://x\")";
        using var tokenizer = Hita.Models.NamedModel.OpenTokenizer("tiny");
        var found = new CodeExplorer(tokenizer).Explore(EditingModels.Photo(64, 64, 1), null, [0]);
        var page = File.ReadAllText(ExplorationPage.Write(found, _folder["page"], Script));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
    }

    private static void AssertHarmless(string text, int? lines)
    {
        Assert.Equal(text, PrintableText.Escape(text, keepLines: true));
        Assert.DoesNotContain(text.Split('\n'), static l => l.StartsWith("hita: all is well", StringComparison.Ordinal));
        if (lines is { } count)
            Assert.Equal(count, text.TrimEnd().Split('\n').Length);
    }
}
