using System.CommandLine;
using System.Globalization;
using Hita.Bench;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Cli.Commands.Machine;

/// <summary><c>hita precision</c>: what fewer bits a weight change.</summary>
internal static class PrecisionCommand
{
    private static readonly Precision[] Compared = [Precision.BFloat16, Precision.Int8];

    /// <summary>What <c>--json</c> writes.</summary>
    /// <param name="Sampling">The generator's precisions.</param>
    /// <param name="Decoding">The tokenizer's; null without a sheet.</param>
    /// <param name="Encoding">The encoder's; null without images.</param>
    private sealed record PrecisionReport(IReadOnlyList<PrecisionDifference> Sampling, DecoderDifference? Decoding, EncoderDifference? Encoding);

    public static Command Create(CommandHost host)
    {
        var model = CommonOptions.Model("The folder of a generator, a pipeline or a training run");
        var classes = new Option<string>("--class") { Description = "Classes by number or name, separated by commas.", HelpName = "CLASS[,CLASS…]", Required = true };
        var count = new Option<int>("--count") { Description = "Images of each class.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        var sheet = new Option<string?>("--sheet") { Description = "Also generate the same seeds in each precision of the generator and of the tokenizer, a row each, and write the sheet to this image file.", HelpName = "FILE" };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "The tokenizer that decodes the sheet and encodes images, where it is not in the pipeline.", HelpName = "DIR|PRESET" };
        var encoded = new Option<string?>("--encode") { Description = "Also encode this image, or the images of this folder, in float32 and by a bf16 encoder, and show how many codes differ.", HelpName = "IMAGE|DIR" };
        var sampling = new SamplingArguments();
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "precision",
            "Show how far bf16 and int8 weights move a generator's choices from float32: divergence and agreement on the same tokens and, with --sheet, images side by side and how far those of a bf16 tokenizer are from those of a float32 one; with --encode, how many codes a bf16 encoder changes.",
            "hita precision -m models/hita --class 207,388 --count 2 --cfg-scale 3",
            "hita precision -m models/hita --class 207,388 --count 2 --sheet precision.png",
            "hita precision -m models/hita --class 207 --encode photos")
        {
            model, classes, count, sheet, tokenizer, encoded, overwrite, json,
        };
        sampling.AddTo(command);
        NumberOptions.Between(count, 1, 1000);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var from = parsed.GetValue(model)!;
            var generator = NamedGenerator.Read(from);
            var wanted = generator.Classes.FindAll(parsed.GetValue(classes)!);
            var request = sampling.Request(parsed, generator.Sampling) with { Classes = [.. wanted.SelectMany(c => Enumerable.Repeat(c, parsed.GetValue(count)))] };
            if (parsed.GetValue(sheet) is { } path)
            {
                ImageWriter.FormatOf(path);
                overwrite.Check(parsed, path);
            }
            var files = parsed.GetValue(encoded) is { } place ? ImageArguments.Expand([place]) : null;
            var threads = parsed.GetValue(host.Globals.Threads) ?? 0;
            var generators = new List<ImageGenerator>();
            try
            {
                foreach (var precision in (Precision[])[Precision.Float32, .. Compared])
                    generators.Add(generator.Load(new GeneratorOptions { Engine = GeneratorEngine.Cpu, Precision = precision, Threads = threads }));
                var differences = Compare(host, generators, request);
                var decoding = parsed.GetValue(sheet) is { } file ? Decode(host, generators, request, parsed.GetValue(tokenizer) ?? from, file) : null;
                var encoding = files is null ? null : Encode(host, parsed.GetValue(tokenizer) ?? from, files);
                if (parsed.GetValue(json))
                    JsonOutput.Write(host.Terminal, new PrecisionReport(differences, decoding, encoding));
                else
                    Print(host.Terminal, differences, decoding, encoding);
                return ExitCodes.Success;
            }
            finally
            {
                generators.ForEach(static g => g.Dispose());
            }
        });
        return command;
    }

    private static IReadOnlyList<PrecisionDifference> Compare(CommandHost host, List<ImageGenerator> generators, GenerationRequest request)
    {
        var batches = (request.Classes.Count + request.BatchSize - 1) / request.BatchSize;
        using var progress = new ProgressLine(host.Terminal, "Comparing", "steps", batches * generators[0].Config.SequenceLength);
        return PrecisionComparison.Compare(
            generators[0], generators[1..], request, new DirectProgress<int>(done => progress.Report(done)), host.Cancellation);
    }

    private static DecoderDifference Decode(CommandHost host, List<ImageGenerator> generators, GenerationRequest request, string tokenizerName, string file)
    {
        var named = NamedTokenizer.Read(tokenizerName);
        using var tokenizer = named.Load(new TokenizerOptions { DecoderOnly = true });
        using var half = named.Load(new TokenizerOptions { DecoderOnly = true, Precision = Precision.BFloat16 });
        var images = new List<Image>();
        DecoderDifference? difference = null;
        foreach (var generator in generators)
        {
            host.Terminal.Error.WriteLine($"Sampling in {CommonOptions.Name(generator.Precision)} …");
            var codes = generator.Generate(request, cancellation: host.Cancellation);
            if (difference is not null)
            {
                images.AddRange(tokenizer.Decode(codes, batchSize: 1, host.Cancellation));
                continue;
            }
            (difference, var exact, var rounded) = DecoderComparison.Compare(tokenizer, half, codes, host.Cancellation);
            images.AddRange([.. exact, .. rounded]);
        }
        ImageWriter.Write(ImageGrid.Compose(images, request.Classes.Count), file);
        host.Terminal.Error.WriteLine($"{file}: a row each in float32, decoded in bf16, and sampled in {string.Join(" and ", Compared.Select(CommonOptions.Name))}");
        return difference!;
    }

    private static EncoderDifference Encode(CommandHost host, string tokenizerName, IReadOnlyList<string> files)
    {
        var named = NamedTokenizer.Read(tokenizerName);
        var images = new List<Image>();
        var input = new ImageInputs(host.Terminal, files.Count);
        foreach (var file in files)
        {
            if (input.TryRead(file, out var image))
                images.Add(ImageFit.Cover(image, named.Config.ImageSize, named.Config.ImageSize));
        }
        if (images.Count == 0)
            throw new HitaException("None of the images could be read, so no codes can be compared.");
        using var exact = named.Load();
        using var half = named.Load(new TokenizerOptions { EncoderPrecision = Precision.BFloat16 });
        return EncoderComparison.Compare(exact, half, images, host.Cancellation);
    }

    private static void Print(Terminal terminal, IReadOnlyList<PrecisionDifference> sampling, DecoderDifference? decoding, EncoderDifference? encoding)
    {
        terminal.Table(
            ["precision", "steps", "mean KL", "largest KL", "mean KL holistic", "mean KL patches", "same best code %"],
            [
                .. sampling.Select(static r => (IReadOnlyList<string>)
                [
                    CommonOptions.Name(r.Precision),
                    r.Steps.ToString(CultureInfo.InvariantCulture),
                    Small(r.MeanDivergence),
                    Small(r.LargestDivergence),
                    Small(r.HolisticDivergence),
                    Small(r.PatchDivergence),
                    (100 * r.GreedyAgreement).ToString("0.00", CultureInfo.InvariantCulture),
                ]),
            ]);
        terminal.Line("KL in nats from float32, on the tokens sampled in float32.");
        if (decoding is not null)
        {
            terminal.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Decoded in {CommonOptions.Name(decoding.Precision)}: pixel values differ by {decoding.MeanDifference:0.000} of 255 on average, by at most {decoding.LargestDifference}."));
        }
        if (encoding is not null)
        {
            terminal.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"Encoded in {CommonOptions.Name(encoding.Precision)}: of {Wording.Of(encoding.Images, "image")}, {100 * encoding.HolisticShare:0.00} % of the holistic and {100 * encoding.PatchShare:0.00} % of the patch codes differ."));
        }
    }

    private static string Small(double value) => value == 0 ? "0" : value.ToString("0.0e-0", CultureInfo.InvariantCulture);
}
