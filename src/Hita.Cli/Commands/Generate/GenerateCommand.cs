using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Generate;

/// <summary><c>hita generate</c>: from a class to images.</summary>
internal static class GenerateCommand
{
    // So many images make one sheet, and are decoded in seconds.
    private const int MaxClasses = 64;

    public static Command Create(CommandHost host)
    {
        var model = CommonOptions.Model("A pipeline's folder (with tokenizer/ and generator/)");
        var generator = new Option<string?>("--generator") { Description = "The generator's folder or preset, where it is not in the pipeline.", HelpName = "DIR|PRESET" };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "The tokenizer's folder or preset, where it is not in the pipeline.", HelpName = "DIR|PRESET" };
        var classes = new Option<string?>("--class") { Description = $"Classes by number or name, separated by commas; left out, all of a model with up to {MaxClasses}.", HelpName = "CLASS[,CLASS…]" };
        var count = new Option<int>("--count") { Description = "Images of each class.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        var precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16, Precision.Int8);
        var decoding = CommonOptions.DecoderPrecisionOption();
        var engine = CommonOptions.EngineOption();
        var output = new Option<string>("--output", "-o") { Description = "The folder to write the images to.", HelpName = "DIR", DefaultValueFactory = static _ => "out" };
        var sampling = new SamplingArguments();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "generate",
            "Generate images of classes. The same model, class, seed and settings give the same images.",
            "hita generate",
            "hita generate --class \"marble torus\" --count 9 --seed 7 -o out",
            "hita generate -m models/hita --class \"golden retriever\" --count 4 --cfg-scale 3 -o out",
            "hita generate -m models/hita --class \"golden retriever\" --precision int8 --decoder-precision bf16 -o out",
            "hita generate --generator models/hita/generator --tokenizer models/hita/tokenizer --class 207,388 -o out",
            "hita generate -m tiny --class 3 -o out")
        {
            model, generator, tokenizer, classes, count, output, precision, decoding, engine, json,
        };
        sampling.AddTo(command);
        NumberOptions.Between(count, 1, 100_000);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            // A part of one's own asks for the other one: the bundled pipeline's would not fit it.
            var pipelineFolder = (parsed.GetValue(generator) ?? parsed.GetValue(tokenizer)) is null || parsed.GetResult(model) is { Implicit: false } ? parsed.GetValue(model) : null;
            var (from, decoder) = Parts(pipelineFolder, parsed.GetValue(generator), parsed.GetValue(tokenizer));
            // What was asked for is checked before any weight is read.
            var request = sampling.Request(parsed, NamedModel.SamplingOf(from));
            var wanted = Wanted(NamedModel.ClassesOf(from), parsed.GetValue(classes));
            request = request with { Classes = [.. wanted.SelectMany(c => Enumerable.Repeat(c, parsed.GetValue(count)))] };
            Directory.CreateDirectory(parsed.GetValue(output)!);
            using var pipeline = NamedModel.OpenPipeline(
                from,
                decoder,
                new GeneratorOptions
                {
                    Device = parsed.GetValue(host.Globals.Device)!,
                    Precision = CommonOptions.Chosen(parsed, precision),
                    Threads = parsed.GetValue(host.Globals.Threads) ?? 0,
                    Engine = CommonOptions.ChosenEngine(parsed, engine),
                },
                decoding: CommonOptions.Chosen(parsed, decoding));
            if (NamedModel.IsPreset(from))
                host.Terminal.Error.WriteLine($"hita: '{from}' is an architecture without training; its images are patterns of noise.");
            var run = new GenerateRun(host, pipeline, request, parsed.GetValue(output)!, parsed.GetValue(json));
            var images = run.Run();
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, images);
            return ExitCodes.Success;
        });
        return command;
    }

    private static (string Generator, string Tokenizer) Parts(string? pipeline, string? generator, string? tokenizer)
    {
        var from = generator ?? pipeline;
        var decoder = tokenizer ?? pipeline;
        if (from is null || decoder is null)
            throw new HitaException("Give a pipeline with -m, or both its parts with --generator and --tokenizer.");
        return (from, decoder);
    }

    private static IReadOnlyList<int> Wanted(ClassNames names, string? classes) => classes switch
    {
        not null => names.FindAll(classes),
        _ when names.Count <= MaxClasses => [.. Enumerable.Range(0, names.Count)],
        _ => throw new HitaException($"This generator has {names.Count} classes; say which to decode with --class, by number or name."),
    };
}
