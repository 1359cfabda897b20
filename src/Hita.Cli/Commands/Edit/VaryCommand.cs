using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Imaging;
using Hita.Models;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita vary</c>: images that share one kind of codes with an image.</summary>
internal static class VaryCommand
{
    public static Command Create(CommandHost host)
    {
        var source = new Argument<string>("IMAGE") { Description = "The image, of any size; its largest centre square is varied." };
        var keep = new Option<string>("--keep") { Description = "Which codes stay: holistic keeps the look and samples the arrangement, patches keeps the arrangement and samples the look.", HelpName = "holistic|patches", DefaultValueFactory = static _ => "holistic" };
        var count = new Option<int>("--count") { Description = "How many variations.", HelpName = "N", DefaultValueFactory = static _ => 4 };
        var output = CommonOptions.Output("The folder to write the images to.", "DIR");
        var models = new PipelineArguments();
        var json = CommandHost.JsonOption();
        CommonOptions.OneOf(keep, "holistic", "patches");
        NumberOptions.Between(count, 1, 10_000);
        var command = new HitaCommand(
            "vary",
            "Decode variations of an image that keep its holistic or its patch codes and sample the others.",
            "hita vary photo.jpg --keep holistic --class 207 --count 4 -m models/hita -o out",
            "hita vary photo.jpg --keep patches --class \"golden retriever\" --cfg-scale 2 -m models/hita -o out")
        {
            source, keep, count, output,
        };
        models.AddTo(command);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var sampling = models.SamplingOf(parsed);
            var kept = parsed.GetValue(keep) == "patches" ? VariationKeep.Patches : VariationKeep.Holistic;
            var (image, input) = EditOutput.Read(parsed.GetValue(source)!);
            var folder = parsed.GetValue(output)!;
            Directory.CreateDirectory(folder);
            using var pipeline = models.Open(host, parsed);
            IReadOnlyList<Variation> variations;
            var (line, progress) = EditOutput.SamplingProgress(host);
            using (line)
                variations = new Variations(pipeline).Generate(image, kept, parsed.GetValue(count), sampling, progress, host.Cancellation);
            var stem = OutputNames.Safe(Path.GetFileNameWithoutExtension(parsed.GetValue(source)!));
            var written = new List<Written>();
            foreach (var variation in variations)
            {
                var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{stem}-{parsed.GetValue(keep)}-s{sampling.Seed}-{variation.Number:0000}.png"));
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
                ImageWriter.Write(ImageGrid.Compose([image, .. variations.Take(99).Select(static v => v.Image)]), Path.Combine(folder, $"{stem}-{parsed.GetValue(keep)}-grid.png"));
            return ExitCodes.Success;
        });
        return command;
    }

    private sealed record Settings(VariationKeep Keep, long Number, EditSamplingOptions Sampling);

    private sealed record Written(string File, long Number, ulong Seed, double LogLikelihood);
}
