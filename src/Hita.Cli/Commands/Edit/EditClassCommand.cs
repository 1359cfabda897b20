using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Editing;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita edit-class</c>: a box of an image becomes something else.</summary>
internal static class EditClassCommand
{
    public static Command Create(CommandHost host)
    {
        var source = new Argument<string>("IMAGE") { Description = "The image, of any size." };
        var box = CommonOptions.Box("The box to change; cut to the image.", required: true);
        var output = CommonOptions.Output("The image to write: .png, .jpg or .webp.", "FILE");
        var models = new PipelineArguments();
        var inpaint = new InpaintArguments();
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "edit-class",
            "Regenerate a box of an image as part of another class. Pixels outside the box stay exactly as they are.",
            "hita edit-class photo.jpg --box 80,60,160,160 --class \"giant panda\" --cfg-scale 3 -m models/hita -o out.png")
        {
            source, box, output,
        };
        models.AddTo(command, classRequired: true);
        inpaint.AddTo(command);
        command.Options.Add(overwrite);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = inpaint.Options(parsed, models.SamplingOf(parsed));
            var file = EditOutput.Check(parsed.GetValue(output)!, parsed.GetValue(source));
            overwrite.Check(parsed, InpaintRun.Files(file, options));
            using var place = ResultFolder.Of(file);
            var (image, input) = EditOutput.Read(host.Terminal, parsed.GetValue(source)!);
            var part = PixelBox.Parse(parsed.GetValue(box)!).ClipTo(image.Width, image.Height);
            return InpaintRun.Run(
                host, parsed, models, "edit-class", file, [input], new Settings(part, options), parsed.GetValue(json),
                (decoder, progress) => decoder.EditClass(image, part, options, progress, host.Cancellation));
        });
        return command;
    }

    private sealed record Settings(PixelBox Box, InpaintOptions Options);
}
