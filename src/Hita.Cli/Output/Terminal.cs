using System.Runtime.CompilerServices;
using Hita.Runtime;
using Spectre.Console;

namespace Hita.Cli.Output;

/// <summary>Where a command prints: results to one stream, progress and errors to another.</summary>
/// <remarks>
/// On a terminal tables are drawn; redirected they are plain aligned columns, the same words in the same order. It alone writes to the
/// terminal: names that come from files are made harmless here, and a line that is printed first clears the progress line.
/// </remarks>
internal sealed class Terminal
{
    private readonly IAnsiConsole? _console;
    private readonly LiveLine _live;
    private readonly Func<int> _width;

    /// <param name="output">The stream of results.</param>
    /// <param name="error">The stream of progress and errors.</param>
    /// <param name="console">Draws on <paramref name="output"/> where that is a terminal, else null.</param>
    /// <param name="errorIsTerminal">Whether a progress line may be redrawn on <paramref name="error"/>.</param>
    /// <param name="clock">Measures rates.</param>
    /// <param name="width">Columns of the terminal, asked for whenever they are needed; null for 100.</param>
    public Terminal(TextWriter output, TextWriter error, IAnsiConsole? console, bool errorIsTerminal, TimeProvider clock, Func<int>? width = null)
    {
        _live = new LiveLine(error);
        Out = new SafeWriter(output, _live);
        Error = new SafeWriter(error, _live);
        Raw = output;
        _console = console;
        ErrorIsTerminal = errorIsTerminal;
        Clock = clock;
        _width = width ?? (static () => 100);
    }

    /// <summary>The stream of results: <c>WriteLine</c> writes one line whatever is in it.</summary>
    public TextWriter Out { get; }

    /// <summary>The stream of progress and errors.</summary>
    public TextWriter Error { get; }

    /// <summary>The stream of results for the program's own words alone, such as its help.</summary>
    public TextWriter Raw { get; }

    public bool ErrorIsTerminal { get; }

    public TimeProvider Clock { get; }

    /// <summary>Draws where results go to a terminal; null where they do not.</summary>
    public IAnsiConsole? Live => _console;

    /// <summary>Whether results go to a terminal.</summary>
    public bool IsInteractive => _console is not null;

    /// <summary>Columns of the terminal; 100 where there is none.</summary>
    public int Width => _width();

    public static Terminal OfThisProcess() => new(
        Console.Out,
        Console.Error,
        Console.IsOutputRedirected ? null : DrawingConsole(),
        !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        TimeProvider.System,
        Columns);

    // Apart, so that what draws is loaded for terminals alone.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IAnsiConsole DrawingConsole() => AnsiConsole.Console;

    public void Line(string text = "") => Out.WriteLine(text);

    /// <summary>Shows how far a job is, in the place of what it showed before.</summary>
    public void ShowLive(string text) => _live.Show(PrintableText.Escape(text), Width);

    /// <summary>Removes the progress line.</summary>
    public void ClearLive() => _live.Clear();

    /// <summary>A heading above a block of lines.</summary>
    public void Heading(string text)
    {
        if (_console is null)
        {
            Out.WriteLine(text);
            return;
        }
        lock (_live.Gate)
        {
            _live.Clear();
            _console.MarkupLineInterpolated($"[bold]{PrintableText.Escape(text)}[/]");
        }
    }

    /// <summary>Names and values, the values aligned; a value with several lines continues under itself.</summary>
    public void Fields(IReadOnlyList<Field> fields)
    {
        var width = fields.Count == 0 ? 0 : fields.Max(f => PrintableText.Escape(f.Name).Length);
        foreach (var (name, lines) in fields)
        {
            var label = PrintableText.Escape(name);
            foreach (var line in lines)
            {
                Out.WriteLine($"  {label.PadRight(width)}  {line}".TrimEnd());
                label = "";
            }
        }
    }

    /// <summary>A table; columns of numbers, with or without a unit, are aligned to the right. Empty cells decide nothing.</summary>
    public void Table(IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        headers = [.. headers.Select(static h => PrintableText.Escape(h))];
        rows = [.. rows.Select(static r => (IReadOnlyList<string>)[.. r.Select(static c => PrintableText.Escape(c))])];
        var right = headers.Select((_, c) => rows.Any(r => r[c].Length > 0) && rows.All(r => r[c].Length == 0 || IsNumber(r[c]))).ToArray();
        if (_console is null)
        {
            WritePlain(headers, rows, right);
            return;
        }
        lock (_live.Gate)
        {
            _live.Clear();
            WriteTable(_console, headers, rows, right);
        }
    }

    private static void WriteTable(IAnsiConsole console, IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows, bool[] right)
    {
        var table = new Table().Border(TableBorder.Simple);
        for (var c = 0; c < headers.Count; c++)
        {
            var column = new TableColumn(new Text(headers[c])) { NoWrap = true };
            table.AddColumn(right[c] ? column.RightAligned() : column);
        }
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        console.Write(table);
    }

    private void WritePlain(IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows, bool[] right)
    {
        var widths = headers.Select((h, c) => rows.Select(r => r[c].Length).Append(h.Length).Max()).ToArray();
        foreach (var row in rows.Prepend(headers))
        {
            var cells = row.Select((cell, c) => right[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]));
            Out.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    // A sentence may start with a number too; a number is short: 12.00 ms a step, 9.06 ± 1.09 dB and a mark.
    private static bool IsNumber(string cell) => cell is "-" || (char.IsAsciiDigit(cell[0]) && cell.Split(' ').Length <= 5);

    private static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var columns ? columns : 100;
        }
        catch (IOException)
        {
            return 100; // Windows, without a console.
        }
    }
}
