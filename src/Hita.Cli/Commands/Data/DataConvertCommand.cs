using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Data.Conversion;
using Hita.Data.Sources;
using Hita.Runtime;

namespace Hita.Cli.Commands.Data;

/// <summary><c>hita data convert</c>: writes a set in another format.</summary>
internal static class DataConvertCommand
{
    private const int Named = 10;

    public static HitaCommand Create(CommandHost host)
    {
        var data = new DataArguments();
        data.Size.Description = "Crop images to the centre square, resize them to this side and store them as PNG; if left out, files are copied unchanged.";
        var from = new Option<string?>("--from") { Description = "How the set is stored; recognised from the path if left out.", HelpName = string.Join('|', ImageSources.FormatNames) };
        CommonOptions.OneOf(from, [.. ImageSources.FormatNames]);
        string[] writable = [.. ConversionOptions.WritableNames];
        var to = new Option<string>("--format") { Description = "The format to write.", HelpName = string.Join('|', writable), DefaultValueFactory = static _ => "tar" };
        CommonOptions.OneOf(to, writable);
        var shard = new Option<int>("--shard-size") { Description = "Images in one tar or Parquet file.", HelpName = "N", DefaultValueFactory = static _ => new ConversionOptions().ImagesPerShard };
        var part = new Option<string>("--part") { Description = "Write a part of the set: all but every so many-th image of each class, or just these. The two share no image.", HelpName = "all|training|held-out", DefaultValueFactory = static _ => "all" };
        CommonOptions.OneOf(part, "all", "training", "held-out");
        var every = new Option<int>("--hold-out-every") { Description = "With --part: every which image of each class is held out.", HelpName = "N", DefaultValueFactory = static _ => new ConversionOptions().HoldOutEvery };
        NumberOptions.Between(every, 2);
        var output = CommonOptions.Output("The folder to write; it appears when everything is written.", "DIR");
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "convert",
            "Write a set of images in another format. Images that cannot be read are left out and named.",
            "hita data convert photos/ -o shards",
            "hita data convert train.parquet -o images --format class-folders",
            "hita data convert scans/ -o squares --trim dark --square pad --size 256",
            "hita data convert materials:0:0..2000 -o images --format folder --size 128",
            "hita data convert photos/ -o photos-train --part training",
            "hita data convert photos/ -o photos-test --part held-out")
        {
            data.Path, from, to, data.Size, data.Trim, data.Square, part, every, shard, output, json,
        };
        command.SetAction(parsed =>
        {
            var size = parsed.GetValue(data.Size);
            var options = new ConversionOptions
            {
                Format = ImageSources.FormatByName(parsed.GetValue(to)!),
                Size = size,
                ImagesPerShard = parsed.GetValue(shard),
                Part = parsed.GetValue(part) switch { "training" => SetPart.Training, "held-out" => SetPart.HeldOut, _ => SetPart.All },
                HoldOutEvery = parsed.GetValue(every),
                Threads = parsed.GetValue(host.Globals.Threads),
            }.Validate();
            using var source = data.Open(host, parsed, size ?? 64, from);
            ConversionResult result;
            using (var line = new ProgressLine(host.Terminal, "Converting", "images", source.Count))
                result = DataConverter.Convert(source, parsed.GetValue(output)!, options, new DirectProgress<int>(done => line.Report(done)), host.Cancellation);
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, result);
            else
                Print(host.Terminal, parsed.GetValue(output)!, result);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(Terminal terminal, string folder, ConversionResult result)
    {
        foreach (var fault in result.Unreadable.Take(Named))
            terminal.Error.WriteLine(fault);
        var left = result.Unreadable.Count == 0 ? "" : $"; {Wording.Of(result.Unreadable.Count, "image")} left out";
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture, $"{folder}: {Wording.Of(result.Written, "image")} in {Wording.Of(result.Files, "file")}, {result.Bytes / 1e6:0.0} MB{left}"));
    }
}
