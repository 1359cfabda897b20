using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita vary</c>: images that share one kind of codes with an image.</summary>
internal static class VaryCommand
{
    private const int LargestGrid = 99;

    public static Command Create(CommandHost host)
    {
        var source = new Argument<string>("IMAGE") { Description = "The image, of any size; its largest centre square is varied." };
        var keep = new Option<string>("--keep") { Description = "Which codes stay: holistic keeps the look and samples the arrangement, patches keeps the arrangement and samples the look.", HelpName = "holistic|patches", DefaultValueFactory = static _ => "holistic" };
        var count = new Option<int>("--count") { Description = "How many variations.", HelpName = "N", DefaultValueFactory = static _ => 4 };
        var output = CommonOptions.Output("The folder to write the images to.", "DIR");
        var models = new PipelineArguments();
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        CommonOptions.OneOf(keep, "holistic", "patches");
        NumberOptions.Between(count, 1, 10_000);
        var command = new HitaCommand(
            "vary",
            "Generate variations of an image: its holistic or its patch codes stay, the others are sampled.",
            "hita vary photo.jpg --keep holistic --class 207 --count 4 -m models/hita -o out",
            "hita vary photo.jpg --keep patches --class \"golden retriever\" --cfg-scale 2 -m models/hita -o out")
        {
            source, keep, count, output,
        };
        models.AddTo(command);
        command.Options.Add(overwrite);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var sampling = models.SamplingOf(parsed);
            var kept = parsed.GetValue(keep) == "patches" ? VariationKeep.Patches : VariationKeep.Holistic;
            var (image, input) = EditOutput.Read(host.Terminal, parsed.GetValue(source)!);
            var folder = parsed.GetValue(output)!;
            var stem = Path.Combine(folder, $"{OutputNames.Safe(Path.GetFileNameWithoutExtension(parsed.GetValue(source)!))}-{parsed.GetValue(keep)}");
            overwrite.Check(parsed, Enumerable.Range(0, parsed.GetValue(count)).Select(i => FileOf(stem, sampling, sampling.FirstImage + i)));
            using var place = new ResultFolder(folder);
            using var pipeline = models.Open(host, parsed, input.File);
            IReadOnlyList<Variation> variations;
            var (line, progress) = EditOutput.SamplingProgress(host);
            using (line)
                variations = new Variations(pipeline).Generate(image, kept, parsed.GetValue(count), sampling, progress, host.Cancellation);
            var written = new List<Written>();
            foreach (var variation in variations)
            {
                var path = FileOf(stem, sampling, variation.Number);
                EditOutput.Write(variation.Image, path, new EditSettings(
                    "vary", pipeline.Tokenizer.ModelHash, pipeline.Generator.ModelHash, models.PrecisionName(parsed), [input],
                    new Settings(kept, variation.Number, sampling)));
                written.Add(new Written(path, variation.Number, sampling.Seed, variation.LogLikelihood));
                if (!parsed.GetValue(json))
                    host.Terminal.Line(path);
            }
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, written);
            if (written.Count > 1)
            {
                var grid = overwrite.Free(parsed, $"{stem}-grid.png");
                ImageWriter.Write(ImageGrid.Compose([image, .. variations.Take(LargestGrid).Select(static v => v.Image)]), grid);
                host.Terminal.Error.WriteLine($"{grid}: the image and {(written.Count > LargestGrid ? $"the first {LargestGrid} of its variations" : "its variations")}");
            }
            return ExitCodes.Success;
        });
        return command;
    }

    private static string FileOf(string stem, EditSamplingOptions sampling, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{stem}-s{sampling.Seed}-{number:0000}.png");

    private sealed record Settings(VariationKeep Keep, long Number, EditSamplingOptions Sampling);

    private sealed record Written(string File, long Number, ulong Seed, double LogLikelihood);
}
