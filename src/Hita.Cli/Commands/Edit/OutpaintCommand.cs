using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Editing;
using Hita.Runtime;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita outpaint</c>: an image goes on beyond its edges.</summary>
internal static class OutpaintCommand
{
    public static Command Create(CommandHost host)
    {
        var source = new Argument<string>("IMAGE") { Description = "The image, of any size." };
        var (left, top, right, bottom) = (Side("left"), Side("top"), Side("right"), Side("bottom"));
        var output = CommonOptions.Output("The image to write: .png, .jpg or .webp.", "FILE");
        var models = new PipelineArguments();
        var inpaint = new InpaintArguments();
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "outpaint",
            "Extend an image beyond its edges, window by window. The original stays exactly as it is in the middle.",
            "hita outpaint photo.jpg --left 100 --right 100 -m models/hita -o wide.png",
            "hita outpaint photo.jpg --bottom 200 --class 207 --candidates 8 -m models/hita -o tall.png")
        {
            source, left, top, right, bottom, output,
        };
        models.AddTo(command);
        inpaint.AddTo(command);
        command.Options.Add(overwrite);
        command.Options.Add(json);
        command.Validators.Add(result =>
        {
            if (new[] { left, top, right, bottom }.All(side => result.GetResult(side) is null))
                result.AddError("No margin is given: say how many pixels to add by one or more of --left, --top, --right and --bottom.");
        });
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = inpaint.Options(parsed, models.SamplingOf(parsed));
            var file = EditOutput.Check(parsed.GetValue(output)!, parsed.GetValue(source));
            overwrite.Check(parsed, InpaintRun.Files(file, options));
            using var place = ResultFolder.Of(file);
            var (image, input) = EditOutput.Read(host.Terminal, parsed.GetValue(source)!);
            var margins = new Margins(parsed.GetValue(left), parsed.GetValue(top), parsed.GetValue(right), parsed.GetValue(bottom));
            margins.Check(image);
            return InpaintRun.Run(
                host, parsed, models, "outpaint", file, [input], new Settings(margins, options), parsed.GetValue(json),
                (decoder, progress) => decoder.Extend(image, margins, options, progress, host.Cancellation));
        });
        return command;
    }

    private static Option<int> Side(string name) => new($"--{name}") { Description = $"Pixels to add at the {name}.", HelpName = "PIXELS" };

    private sealed record Settings(Margins Margins, InpaintOptions Options);
}
