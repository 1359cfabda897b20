using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Models;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita classes</c>: the classes that a generator knows.</summary>
internal static class ListClassesCommand
{
    public static Command Create(CommandHost host)
    {
        var model = CommonOptions.Model("The folder of a generator, a pipeline or a training run");
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "classes",
            "List the classes that a generator knows, as --class takes them: by number, name or synonym.",
            "hita classes",
            "hita classes -m models/hita --json")
        {
            model, json,
        };
        command.SetAction(parsed =>
        {
            var classes = NamedGenerator.Read(parsed.GetValue(model)!).Classes;
            var rows = Enumerable.Range(0, classes.Count).Select(i => new Row(i, classes.HasNames ? classes[i] : null, [.. classes.Synonyms(i).Skip(1)])).ToList();
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, rows);
            else if (!classes.HasNames)
                host.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{classes.Count} classes without names, 0 to {classes.Count - 1}"));
            else
                Print(host.Terminal, rows);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(Terminal terminal, List<Row> rows)
    {
        // A column that is empty throughout would only be in the way.
        var synonyms = rows.Exists(static r => r.Synonyms.Count > 0);
        terminal.Table(
            synonyms ? ["class", "name", "also"] : ["class", "name"],
            [.. rows.Select(r => (IReadOnlyList<string>)(synonyms ? [Number(r), r.Name!, string.Join(", ", r.Synonyms)] : [Number(r), r.Name!]))]);
    }

    private static string Number(Row row) => row.Class.ToString(CultureInfo.InvariantCulture);

    private sealed record Row(int Class, string? Name, IReadOnlyList<string> Synonyms);
}
