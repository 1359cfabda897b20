using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Distributed.Launching;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Generate;

/// <summary><c>hita generate</c>: from a class to images.</summary>
internal static class GenerateCommand
{
    // So many images make one sheet, and are generated in seconds.
    private const int MaxClasses = 64;

    public static Command Create(CommandHost host)
    {
        var models = new ModelArguments();
        var classes = new Option<string?>("--class") { Description = $"Classes by number or name, separated by commas; if left out, all of them where the model has at most {MaxClasses}.", HelpName = "CLASS[,CLASS…]" };
        var count = new Option<int>("--count") { Description = "Images of each class.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        var precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16, Precision.Int8);
        var decoding = CommonOptions.DecoderPrecisionOption();
        var engine = CommonOptions.EngineOption();
        var output = new Option<string>("--output", "-o") { Description = "The folder to write the images to.", HelpName = "DIR", DefaultValueFactory = static _ => "out" };
        var columns = new Option<int?>("--columns") { Description = "Images in a row of the sheet; as nearly a square as possible if left out.", HelpName = "N" };
        var sampling = new SamplingArguments();
        var overwrite = new OverwriteOption();
        var shard = new ShardOption("each image is the same whichever process makes it; there is no sheet.");
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "generate",
            "Generate images of classes. The same model, class, seed and settings give the same images.",
            "hita generate",
            "hita generate --class \"apple,pear\" --count 6 --columns 6 --seed 7 -o out",
            "hita generate -m materials --class \"marble torus\" --count 9 --seed 7 -o out",
            "hita generate -m models/hita --class \"golden retriever\" --count 4 --cfg-scale 3 -o out",
            "hita generate -m models/hita --class \"golden retriever\" --precision int8 --decoder-precision bf16 -o out",
            "hita generate --generator models/hita/generator --tokenizer models/hita/tokenizer --class 207,388 -o out",
            "hita generate -m runs/generator --class 3 -o out",
            "hita generate -m tiny --class 3 -o out",
            "hita generate -m models/hita --class 207,388 --count 50 --shard 3/8 -o out")
        {
            classes, count, output, columns, overwrite, precision, decoding, engine, shard, json,
        };
        models.AddTo(command);
        sampling.AddTo(command);
        NumberOptions.Between(count, 1, 100_000);
        NumberOptions.Between(columns, 1, GenerateRun.LargestSheet);
        command.SetAction(parsed =>
        {
            var prepare = host.Globals.PrepareLater(parsed);
            var (from, decoder) = models.Parts(parsed);
            // What was asked for is checked before any weight is read.
            var generator = NamedGenerator.Read(from);
            var request = sampling.Request(parsed, generator.Sampling);
            var names = generator.Classes;
            var wanted = Wanted(names, parsed.GetValue(classes));
            request = request with { Classes = [.. wanted.SelectMany(c => Enumerable.Repeat(c, parsed.GetValue(count)))] };
            var part = shard.Read(parsed, host);
            request = Part(request, part);
            var files = new GeneratedFiles(parsed.GetValue(output)!, names, request);
            overwrite.Check(parsed, Enumerable.Range(0, request.Classes.Count).Select(files.Of));
            var sheet = part.IsWhole ? overwrite.Free(parsed, files.Sheet) : null;
            using var place = new ResultFolder(parsed.GetValue(output)!);
            using var pipeline = NamedModel.OpenPipelineForSampling(
                generator,
                NamedTokenizer.Read(decoder),
                new GeneratorOptions
                {
                    Device = parsed.GetValue(host.Globals.Device)!,
                    Precision = CommonOptions.Chosen(parsed, precision),
                    Threads = parsed.GetValue(host.Globals.Threads) ?? 0,
                    Engine = CommonOptions.ChosenEngine(parsed, engine),
                },
                CommonOptions.Chosen(parsed, decoding),
                prepare);
            if (generator.IsPreset)
                host.Terminal.Error.WriteLine($"hita: '{from}' is an architecture without training; its images are patterns of noise.");
            var run = new GenerateRun(host, pipeline, request, files, sheet is null ? null : new SheetPlace(sheet, parsed.GetValue(columns)), parsed.GetValue(json));
            var images = run.Run();
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, images);
            return ExitCodes.Success;
        });
        return command;
    }

    // An image is a function of its class, the seed and its number.
    private static GenerationRequest Part(GenerationRequest request, Shard part)
    {
        var (first, count) = part.Of(request.Classes.Count);
        return count > 0
            ? request with { Classes = [.. request.Classes.Skip(first).Take(count)], FirstImage = request.FirstImage + first }
            : throw new HitaException($"There are {request.Classes.Count} images to generate, fewer than the {part.Count} shards; use fewer.");
    }

    private static IReadOnlyList<int> Wanted(ClassNames names, string? classes) => classes switch
    {
        not null => names.FindAll(classes),
        _ when names.Count <= MaxClasses => [.. Enumerable.Range(0, names.Count)],
        _ => throw new HitaException($"This generator has {names.Count} classes; choose some with --class, by number or name."),
    };
}
