using System.CommandLine;
using System.Globalization;
using Hita.Cli.Output;
using Hita.Data;
using Hita.Data.TokenCaches;
using Hita.Generation.Pipeline;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Training.Recipes;

namespace Hita.Cli.Commands;

/// <summary><c>hita tokenize</c>: a set of pictures becomes a cache of codes.</summary>
internal static class TokenizeCommand
{
    public static Command Create(CommandHost host)
    {
        var data = new Argument<string>("DATA") { Description = "A folder of class folders, another source of pictures, or 'materials' for the built-in set." };
        var format = new Option<string>("--format") { Description = "The kind of source where the path does not tell.", HelpName = "FORMAT", DefaultValueFactory = static _ => "auto" };
        var model = CommonOptions.Model("The tokenizer's or pipeline's folder");
        var output = CommonOptions.Output("The token cache's folder.", "CACHE");
        var augment = new Option<string>("--augment")
        {
            Description = "Variants of each picture: the centre square, with its mirror image, or ten crops.",
            HelpName = "none|flip|ten-crop",
            DefaultValueFactory = static _ => "none",
        };
        CommonOptions.OneOf(augment, "none", "flip", "ten-crop");
        var scales = new Option<string>("--ten-crop-scales")
        {
            Description = "For ten-crop: the sides of the larger square as multiples of the picture's, ten variants for each.",
            HelpName = "SCALE[,SCALE…]",
            DefaultValueFactory = static _ => "1.1",
        };
        var size = new Option<int?>("--size") { Description = "Side of the squares in pixels, where it is not the tokenizer's.", HelpName = "N" };
        var batch = Whole("--batch-size", "Pictures encoded together.", 32, 1, 4096);
        var count = Whole("--count", "Scenes of the built-in set.", 100_000, 1, int.MaxValue);
        var seed = new Option<ulong>("--seed") { Description = "The seed of the built-in set's scenes.", HelpName = "N" };
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "tokenize",
            "Encode a set of pictures once, into a folder that generators are trained on. Interrupted, it continues where it was.",
            "hita tokenize photos -m models/hita/tokenizer -o photos-codes --augment ten-crop",
            "hita tokenize materials -m runs/tokenizer/model -o materials-codes --count 50000")
        {
            data, format, model, output, augment, scales, size, batch, count, seed, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var section = new DataSection
            {
                Source = parsed.GetValue(data)!,
                Format = parsed.GetValue(format)!,
                MaterialsCount = parsed.GetValue(count),
                MaterialsSeed = parsed.GetValue(seed),
            };
            var chosen = parsed.GetValue(augment)!;
            var augmentation = Chosen(chosen, chosen == "ten-crop" ? Scales(parsed.GetValue(scales)!) : [1.1]);
            using var tokenizer = NamedModel.OpenTokenizer(parsed.GetValue(model)!, new TokenizerOptions { Device = parsed.GetValue(host.Globals.Device)! });
            var side = parsed.GetValue(size) ?? tokenizer.Config.ImageSize;
            PictureShape.Check(side, side, tokenizer.Config);
            using var source = section.Open(side);
            foreach (var note in source.Notes)
                host.Terminal.Error.WriteLine($"hita: {note}");
            var folder = parsed.GetValue(output)!;
            TokenCacheReport report;
            using (var progress = new ProgressLine(host.Terminal, "Encoding", "pictures", source.Count))
            {
                report = TokenCacheBuilder.Build(
                    source,
                    tokenizer,
                    folder,
                    new TokenCacheOptions { Augmentation = augmentation with { Size = side }, BatchSize = parsed.GetValue(batch) },
                    new DirectProgress<int>(done => progress.Report(done)),
                    host.Cancellation);
            }
            if (report.Unreadable > 0)
                host.Terminal.Error.WriteLine($"hita: {Wording.Of(report.Unreadable, "picture")} could not be read and will be left out; the first: {report.FirstUnreadable[0]}");
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, new Result(folder, report.Pictures, augmentation.VariantCount, report.Encoded, report.Unreadable));
            else
                host.Terminal.Line($"{folder}: {Wording.Of(report.Pictures - report.Unreadable, "picture")}, {Wording.Of(augmentation.VariantCount, "variant")} each");
            return ExitCodes.Success;
        });
        return command;
    }

    // The size is the tokenizer's, which is not open yet.
    private static Augmentation Chosen(string augment, IReadOnlyList<double> scales) => new()
    {
        Size = 64,
        Crop = augment == "ten-crop" ? CropMethod.Ten : CropMethod.Center,
        Flip = augment == "flip",
        TenCropScales = scales,
    };

    private static List<double> Scales(string text)
    {
        var scales = new List<double>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var scale) || scale is not (>= 1 and <= 4))
                throw new HitaException($"--ten-crop-scales is '{text}'; it must be numbers from 1 to 4, separated by commas.");
            scales.Add(scale);
        }
        return scales;
    }

    private static Option<int> Whole(string name, string description, int preset, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => preset };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var n) || n < least || n > most))
                result.AddError($"{name} is '{token.Value}'; it must be a whole number from {least} to {most}.");
        });
        return option;
    }

    private sealed record Result(string Cache, int Pictures, int Variants, int Encoded, int Unreadable);
}
