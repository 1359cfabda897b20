using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Data.Checking;
using Hita.Runtime;

namespace Hita.Cli.Commands.Data;

/// <summary><c>hita data check</c>: reads every image and says what is wrong.</summary>
internal static class DataCheckCommand
{
    private const int Named = 10;

    public static HitaCommand Create(CommandHost host)
    {
        var data = new DataArguments();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "check",
            "Read every image of a set: counts, classes, sizes, files that cannot be read, and images that occur twice.",
            "hita data check photos/",
            "hita data check train.tar --json")
        {
            data.Path, data.Format, json,
        };
        command.SetAction(parsed =>
        {
            using var source = data.Open(host, parsed, 64);
            DataReport report;
            using (var line = new ProgressLine(host.Terminal, "Reading", "images", source.Count))
                report = DataChecker.Check(source, parsed.GetValue(host.Globals.Threads), new DirectProgress<int>(done => line.Report(done)), host.Cancellation);
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, report);
            else
                Print(host.Terminal, report);
            return report.Unreadable.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }

    private static void Print(Terminal terminal, DataReport report)
    {
        terminal.Heading(report.Description);
        var fields = new List<Field> { ("images", Number(report.Count)), ("classes", Classes(report)) };
        if (report.Sizes is { } sizes)
        {
            fields.Add(new("short side", $"{sizes.ShortSideSmallest} to {sizes.ShortSideLargest} pixels, half of the images from {sizes.ShortSideMedian} upwards", $"smallest: {sizes.Smallest}"));
            fields.Add(new(
                "sizes",
                string.Create(CultureInfo.InvariantCulture, $"{Wording.Of(sizes.Sizes, "different size")}, up to {sizes.LongestShape:0.#} times as long as wide"),
                $"longest: {sizes.Longest}"));
        }
        fields.Add(new("unreadable", Some(report.Unreadable, string.Create(CultureInfo.InvariantCulture, $"{report.Unreadable.Count} ({(double)report.Unreadable.Count / report.Count:0.0%})"), static u => u)));
        var contradicting = report.ContradictingDuplicates == 0 ? "" : $", {report.ContradictingDuplicates} of them in different classes";
        fields.Add(new("the same", Some(report.Duplicates, $"{Wording.Of(report.Duplicates.Count, "group")} of images with the same pixels{contradicting}", static g => string.Join(" = ", g.Take(4)))));
        fields.Add(new("alike", Some(report.NearDuplicates, $"{Wording.Of(report.NearDuplicates.Count, "pair")} of images that look alike", static p => string.Join(" ~ ", p))));
        terminal.Fields(fields);
        foreach (var note in report.Notes)
            terminal.Line(note);
    }

    private static string Classes(DataReport report)
    {
        if (report.Classes.Count == 0)
            return "none";
        var filled = report.Classes.Where(static c => c.Count > 0).ToList();
        if (filled.Count == 0)
            return Number(report.Classes.Count);
        var (fewest, most) = (filled.MinBy(static c => c.Count)!, filled.MaxBy(static c => c.Count)!);
        var text = fewest.Count == most.Count
            ? $"{report.Classes.Count}, of {Wording.Of(fewest.Count, "image")} each"
            : string.Create(CultureInfo.InvariantCulture, $"{report.Classes.Count}, of {fewest.Count} ({fewest.Name}) to {most.Count} images ({most.Name}): {report.Imbalance:0.0} to one");
        var empty = report.Classes.Count - filled.Count;
        return empty == 0 ? text : $"{text}; {empty} without an image";
    }

    private static IReadOnlyList<string> Some<T>(IReadOnlyList<T> items, string summary, Func<T, string> text)
    {
        if (items.Count == 0)
            return ["none"];
        string[] more = items.Count > Named ? [$"… and {items.Count - Named} more, which --json lists"] : [];
        return [summary, .. items.Take(Named).Select(text), .. more];
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
