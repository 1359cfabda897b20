using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Data;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Training.TokenCaches;

namespace Hita.Cli.Commands.Codes;

/// <summary><c>hita tokenize</c>: a set of images becomes a cache of codes.</summary>
internal static class TokenizeCommand
{
    public static Command Create(CommandHost host)
    {
        var data = new DataArguments();
        data.Size.Description = "Side of the squares; the tokenizer's own if left out.";
        var model = CommonOptions.Model("The folder of a tokenizer, a pipeline or a training run", required: true);
        var output = CommonOptions.Output("The token cache's folder.", "CACHE");
        var augment = new Option<string>("--augment")
        {
            Description = "Variants of each image: the centre square, with its mirror image, or ten crops.",
            HelpName = "none|flip|ten-crop",
            DefaultValueFactory = static _ => "none",
        };
        CommonOptions.OneOf(augment, "none", "flip", "ten-crop");
        var scales = new Option<string>("--ten-crop-scales")
        {
            Description = "For ten-crop: the sides of the larger square as multiples of the image's, ten variants for each.",
            HelpName = "SCALE[,SCALE…]",
            DefaultValueFactory = static _ => "1.1",
        };
        var batch = new Option<int>("--batch-size") { Description = "Images encoded together.", HelpName = "N", DefaultValueFactory = static _ => 32 };
        NumberOptions.Between(batch, 1, 4096);
        var precision = CommonOptions.EncoderPrecisionOption("float32");
        var shard = new ShardOption("the codes of all parts become one cache when the last one is done.");
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "tokenize",
            "Encode a set of images once, into a folder that generators are trained on. If interrupted, it continues where it stopped.",
            "hita tokenize photos -m models/hita/tokenizer -o photos-codes --augment ten-crop",
            "hita tokenize materials:0:0..50000 -m runs/tokenizer/model -o materials-codes",
            "hita tokenize photos -m models/hita/tokenizer -o photos-codes --encoder-precision bf16",
            "hita tokenize photos -m models/hita/tokenizer -o photos-codes --shard 0/4")
        {
            data.Path, data.Format, data.Size, data.Trim, data.Square, model, output, augment, scales, batch, precision, shard, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var chosen = parsed.GetValue(augment)!;
            var augmentation = Chosen(chosen, chosen == "ten-crop" ? Scales(parsed.GetValue(scales)!) : [1.1]);
            using var tokenizer = NamedModel.OpenTokenizer(
                parsed.GetValue(model)!,
                new TokenizerOptions { Device = parsed.GetValue(host.Globals.Device)!, EncoderPrecision = CommonOptions.ChosenEncoder(parsed, precision) });
            var side = parsed.GetValue(data.Size) ?? tokenizer.Config.ImageSize;
            ImageShape.Check(side, side, tokenizer.Config);
            using var source = data.Open(host, parsed, side);
            foreach (var note in source.Notes)
                host.Terminal.Error.WriteLine($"hita: {note}");
            var folder = parsed.GetValue(output)!;
            var part = shard.Read(parsed, host);
            TokenCacheReport report;
            using (var progress = new ProgressLine(host.Terminal, "Encoding", "images", part.Of(source.Count).Count))
            {
                report = TokenCacheBuilder.Build(
                    source,
                    tokenizer,
                    folder,
                    new TokenCacheOptions { Augmentation = augmentation with { Size = side }, BatchSize = parsed.GetValue(batch), Shard = part },
                    new DirectProgress<int>(done => progress.Report(done)),
                    host.Cancellation);
            }
            if (report.Unreadable > 0)
                host.Terminal.Error.WriteLine($"hita: {new UnreadableSummary(report.Unreadable, report.FirstUnreadable).ToSentence()}");
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, new Result(folder, report.Images, augmentation.VariantCount, report.Encoded, report.Unreadable));
            else if (!report.IsWhole)
                host.Terminal.Line($"{folder}: the part {part} is done; whoever finishes the last part makes the cache of them.");
            else
                host.Terminal.Line($"{folder}: {Wording.Of(report.Images - report.Unreadable, "image")}, {Wording.Of(augmentation.VariantCount, "variant")} each");
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

    private sealed record Result(string Cache, int Images, int Variants, int Encoded, int Unreadable);
}
