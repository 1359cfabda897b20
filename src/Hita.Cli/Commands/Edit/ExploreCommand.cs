using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Runtime;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita explore</c>: what each holistic code of an image does.</summary>
internal static class ExploreCommand
{
    public static Command Create(CommandHost host)
    {
        var source = new Argument<string>("IMAGE") { Description = "The image, of any size; its centre square is explored." };
        var model = CommonOptions.Model("The folder of a tokenizer, a pipeline or a training run");
        var output = CommonOptions.Output("The folder to write the page and its images to.", "DIR");
        var other = new Option<string?>("--swap-with") { Description = "Swap each code for this image's, instead of dropping it.", HelpName = "FILE" };
        var codes = new Option<string?>("--codes") { Description = "The codes to explore, for example 0-15,127; all if left out.", HelpName = "RANGES" };
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "explore",
            "Show what each holistic code of an image does: drop or swap it, decode again, and map what changed and where its query looked. Writes an HTML page.",
            "hita explore photo.jpg -m models/hita -o out",
            "hita explore photo.jpg --swap-with other.jpg --codes 0-15 -m models/hita -o out")
        {
            source, model, output, other, codes, overwrite, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var wanted = parsed.GetValue(codes) is { } text ? Ranges(text) : null;
            var (image, input) = EditOutput.Read(host.Terminal, parsed.GetValue(source)!);
            var second = parsed.GetValue(other) is { } path ? EditOutput.Read(host.Terminal, path).Image : null;
            // What is known is found out now, not after the model has been loaded.
            Check(wanted ?? []);
            using var place = new ResultFolder(parsed.GetValue(output)!);
            using var tokenizer = PipelineArguments.OpenTokenizer(host, parsed, model, input.File);
            if (wanted is null)
                Check(Enumerable.Range(0, tokenizer.Config.HolisticTokenCount));
            CodeExploration found;
            using (var line = new ProgressLine(host.Terminal, "Exploring", "codes", wanted?.Count ?? tokenizer.Config.HolisticTokenCount))
                found = new CodeExplorer(tokenizer).Explore(image, second, wanted, new DirectProgress<EditProgress>(p => line.Report(p.Done)), host.Cancellation);
            var page = ExplorationPage.Write(found, parsed.GetValue(output)!, input.Name);
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, new Report(page, [.. found.Effects.Select(static e => new Effect(e.Index, e.Code, e.OtherCode, e.MeanChange, e.Reach))]));
            else
                host.Terminal.Line(page);
            return ExitCodes.Success;

            void Check(IEnumerable<int> codes)
            {
                var files = ExplorationPage.FilesOf(parsed.GetValue(output)!, codes, second is not null).ToList();
                foreach (var file in files)
                    EditOutput.RefuseInputs(file, [parsed.GetValue(source), parsed.GetValue(other)]);
                overwrite.Check(parsed, files);
            }
        });
        return command;
    }

    private static List<int> Ranges(string text)
    {
        var codes = new SortedSet<int>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length is not (1 or 2) || !Number(ends[0], out var first) || !Number(ends[^1], out var last) || last < first || last > 65535)
                throw new HitaException($"'{part}' is not a range of codes; give numbers and ranges separated by commas, for example 0-15,127.");
            codes.UnionWith(Enumerable.Range(first, last - first + 1));
        }
        return [.. codes];
    }

    private static bool Number(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private sealed record Report(string Page, IReadOnlyList<Effect> Codes);

    private sealed record Effect(int Index, int Code, int? OtherCode, double MeanChange, double Reach);
}
