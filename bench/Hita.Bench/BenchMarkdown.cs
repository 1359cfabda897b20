using System.Globalization;
using System.Text;
using Hita.Runtime;

namespace Hita.Bench;

/// <summary>A benchmark's report as a page.</summary>
public static class BenchMarkdown
{
    /// <summary>The page, in Markdown.</summary>
    /// <param name="report">What was found.</param>
    /// <param name="command">The command line that repeats it; null where there is none.</param>
    public static string Write(BenchReport report, string? command = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        var page = new StringBuilder();
        void Line(string text = "") => page.Append(text).Append('\n');

        Line(string.Create(CultureInfo.InvariantCulture, $"# Speed, {report.Date:yyyy-MM-dd}"));
        Line();
        Line("Times are medians, all measured in one run of one process. The floor of a time is what this machine, as measured in the");
        Line("same run, needs at least: for steps the time in which memory delivers the weights or the processor multiplies them, whichever");
        Line("is longer; for images the arithmetic at the best rate found. The framework is the tensor library driven by a plain loop.");
        Line();
        Line("| | |");
        Line("|---|---|");
        Line($"| processor | {report.System.Processor.Model}, {report.System.Processor.Count} usable, {report.Threads} threads used |");
        Line($"| vectors | {string.Join(", ", report.System.Processor.VectorInstructions)} |");
        Line(string.Create(CultureInfo.InvariantCulture, $"| memory | {report.System.MemoryBytes / 1e9:0.0} GB, at most {report.PeakMemoryBytes / 1e9:0.0} GB held by the process |"));
        Line($"| system | {report.System.OperatingSystem}, {report.System.DotNet} |");
        Line($"| libtorch | {report.System.Torch?.Version ?? "not loaded"} |");
        Line($"| Hita | {report.System.Version} |");
        if (command is not null)
            Line($"| command | `{command}` |");
        foreach (var part in report.Lines.GroupBy(static l => l.Part))
        {
            Line();
            Line($"## {Title(part.Key)}");
            Line();
            Line("| what | with | measured | floor | of the floor | × framework | |");
            Line("|---|---|--:|--:|--:|--:|---|");
            foreach (var line in part)
                Line($"| {string.Join(" | ", Cells(line))} |");
        }
        if (report.Skipped.Count > 0)
        {
            Line();
            Line("## Left out");
            Line();
            foreach (var sentence in report.Skipped)
                Line($"- {sentence}");
        }
        return page.ToString();
    }

    /// <summary>Writes the page to a file, whole or not at all.</summary>
    /// <param name="path">The file; one in its place is replaced.</param>
    /// <param name="report">What was found.</param>
    /// <param name="command">The command line that repeats it; null where there is none.</param>
    /// <exception cref="HitaException">The place cannot be written.</exception>
    public static void Save(string path, BenchReport report, string? command = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.WriteText(path, Write(report, command));
    }

    /// <summary>A part's heading.</summary>
    /// <param name="part">The part.</param>
    public static string Title(BenchPart part) => part switch
    {
        BenchPart.Machine => "The machine",
        BenchPart.Steps => "A token step",
        BenchPart.Encode => "Encoding",
        BenchPart.Decode => "Decoding",
        BenchPart.Images => "Whole images",
        BenchPart.Serve => "Serving several clients",
        BenchPart.Device => "On a device",
        _ => "Starting",
    };

    /// <summary>A line's cells: what, with, measured, floor, share of the floor, times the framework, note.</summary>
    /// <param name="line">The line.</param>
    public static IReadOnlyList<string> Cells(BenchLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return
        [
            line.What,
            line.With,
            $"{Number(line.Value)} {line.Unit}",
            line.Floor is { } floor ? $"{Number(floor)} {line.Unit}" : "",
            line.Fraction is { } fraction ? fraction.ToString("0 %", CultureInfo.InvariantCulture) : "",
            line.Speedup is { } speedup ? speedup.ToString("0.00", CultureInfo.InvariantCulture) : "",
            line.Note ?? "",
        ];
    }

    private static string Number(double value) => value switch
    {
        >= 99.95 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 9.995 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}
