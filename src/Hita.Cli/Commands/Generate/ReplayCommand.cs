using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Generate;

/// <summary><c>hita replay</c>: makes generated images again and says whether they are the same.</summary>
internal static class ReplayCommand
{
    private const int MaxThreads = 256;

    /// <summary>The largest difference that rounding explains, in 8-bit levels; what is beyond was painted over.</summary>
    private const int MaxRounding = 8;

    public static Command Create(CommandHost host)
    {
        var files = new Argument<string[]>("IMAGE") { Description = "PNG files as 'hita generate' wrote them.", Arity = ArgumentArity.OneOrMore };
        var model = new Option<string?>("--model", "-m")
        {
            Description = $"The pipeline that made them, or a preset's name; if left out, models are found by their hash in the folders of {ModelSearch.Variable}, in ./models, and among the presets.",
            HelpName = "DIR|PRESET",
        };
        var generator = new Option<string?>("--generator") { Description = "The generator alone: a model folder, a training run or a preset.", HelpName = "DIR|PRESET" };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "The tokenizer alone: a model folder, a training run or a preset.", HelpName = "DIR|PRESET" };
        var output = new Option<string?>("--output", "-o") { Description = "The folder to write the regenerated images to.", HelpName = "DIR" };
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "replay",
            "Regenerate images from the settings stored in them, and say whether every pixel is the same; fails if one is not.",
            "hita replay out/207-golden-retriever-s0-0000.png -m models/hita",
            "hita replay out/207-golden-retriever-s0-0000.png -o again")
        {
            files, model, generator, tokenizer, output, overwrite, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var results = new List<string>();
            ResultFolder? made = null;
            if (parsed.GetValue(output) is { } folder)
            {
                var names = new OutputNames();
                results.AddRange(parsed.GetValue(files)!.Select(f => Path.Combine(folder, names.Next(f, "-replayed.png"))));
                overwrite.Check(parsed, results);
                made = new ResultFolder(folder);
            }
            using var place = made;
            using var models = new ReplayModels(
                parsed.GetValue(generator) ?? parsed.GetValue(model),
                parsed.GetValue(tokenizer) ?? parsed.GetValue(model) ?? parsed.GetValue(generator),
                parsed.GetValue(host.Globals.Device)!,
                parsed.GetValue(host.Globals.Threads) ?? 0);
            // Unless told otherwise, as many threads as decoded the image: their number rounds a few pixels otherwise.
            var keepThreads = parsed.GetValue(host.Globals.Threads) is not null;
            return Run(host, parsed.GetValue(files)!, models, keepThreads, results, parsed.GetValue(json));
        });
        return command;
    }

    private static int Run(CommandHost host, string[] files, ReplayModels models, bool keepThreads, List<string> replayed, bool json)
    {
        var results = new List<Replay>();
        ProgressLine? progress = null;
        var sampled = 0L;
        try
        {
            foreach (var (index, file) in files.Index())
            {
                host.Cancellation.ThrowIfCancellationRequested();
                var last = 0L;
                try
                {
                    var settings = ImageSettings.Read(file);
                    if (!keepThreads && settings.Threads is > 0 and <= MaxThreads)
                        Compute.UseThreads(settings.Threads);
                    var result = ImageReplay.Replay(
                        file,
                        models.For(file, settings),
                        new DirectProgress<GenerationProgress>(p =>
                        {
                            progress ??= new ProgressLine(host.Terminal, "Sampling again", "tokens", total: null);
                            progress.Report(sampled + (last = p.Tokens));
                        }),
                        host.Cancellation);
                    if (replayed.Count > 0)
                        ImageWriter.Write(result.Image, replayed[index]);
                    results.Add(new Replay(file, OutcomeOf(result), result.ChangedPixels, result.LargestDifference, null) { Size = SizeOf(result) });
                }
                catch (HitaException e) when (files.Length > 1)
                {
                    // One image that cannot be made again is named; the others still are.
                    results.Add(new Replay(file, Outcome.Refused, 0, 0, e.Message));
                }
                sampled += last;
            }
        }
        finally
        {
            progress?.Dispose();
        }
        if (json)
            JsonOutput.Write(host.Terminal, results);
        else
            Print(host.Terminal, results);
        return results.TrueForAll(static r => r.Outcome == Outcome.Identical) ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static Outcome OutcomeOf(ReplayedImage result) =>
        result.Identical ? Outcome.Identical : result.SameCodes == true && SizeOf(result) is null ? Outcome.SameCodes : Outcome.Different;

    // What the file's size has become, where it is not the one that is decoded.
    private static string? SizeOf(ReplayedImage result) =>
        result.Before.Width == result.Image.Width && result.Before.Height == result.Image.Height
            ? null
            : $"the file has {result.Before.Width}×{result.Before.Height} pixels where {result.Image.Width}×{result.Image.Height} are generated; it was resized or cropped since";

    private static void Print(Terminal terminal, List<Replay> results)
    {
        foreach (var result in results)
        {
            if (result.Outcome == Outcome.Refused)
                terminal.Error.WriteLine($"hita: {result.Reason}");
            else
                terminal.Line($"{result.File}: {Describe(result)}");
        }
        if (results.Count > 1)
            terminal.Line($"{results.Count(static r => r.Outcome == Outcome.Identical)} of {results.Count} images are identical.");
    }

    private static string Describe(Replay result)
    {
        if (result.Size is { } size)
            return $"different: {size}";
        var pixels = string.Create(CultureInfo.InvariantCulture, $"{Wording.Of(result.ChangedPixels, "changed pixel")}, by at most {result.LargestDifference} of 255");
        return result.Outcome switch
        {
            Outcome.Identical => "identical",
            Outcome.SameCodes when result.LargestDifference <= MaxRounding =>
                $"the same codes, decoded slightly differently: {pixels} (another device, number of threads or libtorch rounds differently)",
            Outcome.SameCodes => $"the same codes, but the file's pixels were changed since: {pixels}",
            _ => $"different: {pixels}",
        };
    }

    private enum Outcome
    {
        Identical,
        SameCodes,
        Different,
        Refused,
    }

    private sealed record Replay(string File, Outcome Outcome, int ChangedPixels, int LargestDifference, string? Reason)
    {
        public string? Size { get; init; }
    }
}
