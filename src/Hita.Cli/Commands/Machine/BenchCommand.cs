using System.CommandLine;
using System.Globalization;
using Hita.Bench;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;

namespace Hita.Cli.Commands.Machine;

/// <summary><c>hita bench</c>: what this machine can do, and how much of it is reached.</summary>
internal static class BenchCommand
{
    public static Command Create(CommandHost host)
    {
        var defaults = new BenchOptions();
        var parts = new Option<string>("--parts")
        {
            Description = $"What to measure: {string.Join(", ", Enum.GetNames<BenchPart>()).ToLowerInvariant()}; all but serve and device if left out.",
            HelpName = "PART[,PART…]",
        };
        var presets = new Option<string>("--presets") { Description = "Generators by preset; the first one generates the whole images.", HelpName = "NAME[,NAME…]", DefaultValueFactory = _ => string.Join(',', defaults.Generators) };
        var tokenizer = new Option<string>("--tokenizer") { Description = "The tokenizer by preset.", HelpName = "NAME", DefaultValueFactory = _ => defaults.Tokenizer };
        var batches = new Option<string>("--batches") { Description = "Images in a token step; a single one is guided, which takes two rows.", HelpName = "N[,N…]", DefaultValueFactory = _ => Numbers(defaults.StepBatches) };
        var images = new Option<string>("--image-batches") { Description = "Guided images generated together in the part 'images'.", HelpName = "N[,N…]", DefaultValueFactory = _ => Numbers(defaults.ImageBatches) };
        var clients = new Option<string>("--clients") { Description = "Clients at a time in the part 'serve', each with one guided image.", HelpName = "N[,N…]", DefaultValueFactory = _ => Numbers(defaults.Clients) };
        var pipeline = new Option<string?>("--pipeline") { Description = "The pipeline that serves, a folder or a name; by default the first generator and the tokenizer by preset.", HelpName = "FOLDER" };
        var tokens = new Option<int>("--tokens") { Description = "Tokens of an image that the part 'device' samples; all if left out.", HelpName = "N" };
        NumberOptions.Between(tokens, 1);
        var seconds = new Option<double>("--seconds") { Description = "How long to repeat each measurement.", HelpName = "S", DefaultValueFactory = _ => defaults.Seconds };
        var alone = new Option<bool>("--without-framework") { Description = "Leave out the framework's loop and layout: faster, and with less memory." };
        var markdown = new Option<string?>("--markdown") { Description = "Write the report to this file as a page.", HelpName = "FILE" };
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "bench",
            "Measure memory, arithmetic, token steps, encoding, decoding and whole images, each beside this machine's floor and the framework.",
            "hita bench",
            "hita bench --parts machine,steps --presets hita-b --batches 1 --seconds 5",
            "hita bench --parts serve --pipeline materials",
            "hita bench --parts device --device cuda --batches 1,8,64",
            "hita bench --markdown bench.md")
        {
            parts, presets, tokenizer, batches, images, clients, pipeline, tokens, seconds, alone, markdown, overwrite, json,
            ServeLoadCommand.Create(host),
            FirstTokenCommand.Create(host),
        };
        CheckList(parts, static text => Enum.GetNames<BenchPart>().Contains(text, StringComparer.OrdinalIgnoreCase), $"a part is {string.Join(", ", Enum.GetNames<BenchPart>()).ToLowerInvariant()}");
        CheckList(batches, IsCount, "a batch is a whole number");
        CheckList(images, IsCount, "a batch is a whole number");
        CheckList(clients, IsCount, "a number of clients is a whole number");
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = new BenchOptions
            {
                Parts = parsed.GetValue(parts) is { } chosen ? [.. List(chosen).Select(static p => Enum.Parse<BenchPart>(p, ignoreCase: true))] : defaults.Parts,
                Generators = List(parsed.GetValue(presets)!),
                Tokenizer = parsed.GetValue(tokenizer)!,
                StepBatches = Counts(parsed.GetValue(batches)!),
                ImageBatches = Counts(parsed.GetValue(images)!),
                Clients = Counts(parsed.GetValue(clients)!),
                Pipeline = parsed.GetValue(pipeline),
                Device = parsed.GetValue(host.Globals.Device)!,
                Tokens = parsed.GetValue(tokens),
                Seconds = parsed.GetValue(seconds),
                Threads = parsed.GetValue(host.Globals.Threads) ?? 0,
                Framework = !parsed.GetValue(alone),
            }.Validate();
            if (parsed.GetValue(markdown) is { } page)
                overwrite.Check(parsed, page);
            var report = Benchmark.Run(options, line => Progress(host.Terminal, line), stage => host.Terminal.Error.WriteLine($"{stage} …"), host.Cancellation);
            if (parsed.GetValue(markdown) is { } file)
                BenchMarkdown.Save(file, report, string.Join(' ', parsed.Tokens.Select(static t => t.Value).Prepend("hita")));
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, report);
            else
                Print(host.Terminal, report);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Progress(Terminal terminal, BenchLine line) => terminal.Error.WriteLine($"  {string.Join(", ", BenchMarkdown.Cells(line).Take(3))}");

    private static void Print(Terminal terminal, BenchReport report)
    {
        foreach (var part in report.Lines.GroupBy(static l => l.Part))
        {
            terminal.Heading(BenchMarkdown.Title(part.Key));
            terminal.Table(["what", "with", "measured", "floor", "of the floor", "× framework", "note"], [.. part.Select(BenchMarkdown.Cells)]);
            terminal.Line();
        }
        foreach (var sentence in report.Skipped)
            terminal.Line(sentence);
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.System.Processor.Model}, {report.Threads} threads; the process held at most {report.PeakMemoryBytes / 1e9:0.0} GB."));
    }

    private static void CheckList(Option<string> option, Func<string, bool> isValid, string rule) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && (List(token.Value) is not { Length: > 0 } list || !Array.TrueForAll(list, e => isValid(e))))
            result.AddError($"{option.Name} is '{token.Value}'; {rule}, several are separated by commas.");
    });

    private static bool IsCount(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and <= 1024;

    private static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static int[] Counts(string text) => [.. List(text).Select(static n => int.Parse(n, CultureInfo.InvariantCulture))];

    private static string Numbers(IReadOnlyList<int> values) => string.Join(',', values);
}
