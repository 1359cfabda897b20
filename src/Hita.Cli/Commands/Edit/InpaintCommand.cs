using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita inpaint</c>: a part of an image is regenerated.</summary>
internal static class InpaintCommand
{
    public static Command Create(CommandHost host)
    {
        var source = new Argument<string>("IMAGE") { Description = "The image, of any size." };
        var mask = new Option<string?>("--mask") { Description = "Where to regenerate, of the image's size or aspect ratio: white on black, a copy of the image with a transparent hole, or strokes on a transparent layer. The command says which it was taken for.", HelpName = "FILE" };
        var box = CommonOptions.Box("Regenerate this box; cut to the image.");
        var lower = new Option<bool>("--lower-half") { Description = "Regenerate the lower half." };
        var output = CommonOptions.Output("The image to write: .png, .jpg or .webp.", "FILE");
        var models = new PipelineArguments();
        var inpaint = new InpaintArguments();
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "inpaint",
            "Regenerate a part of an image to fit its surroundings. Pixels outside the mask stay exactly as they are; pixels under it are never looked at.",
            "hita inpaint photo.jpg --box 40,40,120,80 -m models/hita -o out.png",
            "hita inpaint photo.jpg --mask mask.png --class \"golden retriever\" --cfg-scale 2 --candidates 8 -m models/hita -o out.png",
            "hita inpaint photo.jpg --lower-half -m models/hita -o out.png")
        {
            source, mask, box, lower, output,
        };
        models.AddTo(command);
        inpaint.AddTo(command);
        command.Options.Add(overwrite);
        command.Options.Add(json);
        command.Validators.Add(result =>
        {
            var given = (result.GetResult(mask) is null ? 0 : 1) + (result.GetResult(box) is null ? 0 : 1) + (result.GetValue(lower) ? 1 : 0);
            if (given != 1)
                result.AddError("Say what to regenerate with one of --mask, --box and --lower-half.");
        });
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = inpaint.Options(parsed, models.SamplingOf(parsed));
            var file = EditOutput.Check(parsed.GetValue(output)!, parsed.GetValue(source), parsed.GetValue(mask));
            overwrite.Check(parsed, InpaintRun.Files(file, options));
            using var place = ResultFolder.Of(file);
            var (image, input) = EditOutput.Read(host.Terminal, parsed.GetValue(source)!);
            var (marks, inputs, where) = Mask(host.Terminal, image, input, parsed.GetValue(mask), parsed.GetValue(box), parsed.GetValue(lower));
            return InpaintRun.Run(
                host, parsed, models, "inpaint", file, inputs, new Settings(where, options), parsed.GetValue(json),
                (decoder, progress) => decoder.Fill(image, marks, options, progress, host.Cancellation));
        });
        return command;
    }

    private static (ImageMask Mask, IReadOnlyList<EditInput> Inputs, string Where) Mask(
        Terminal terminal, Image image, EditInput input, string? file, string? box, bool lower)
    {
        if (lower)
            return (ImageMask.LowerHalf(image.Width, image.Height), [input], "lower half");
        if (box is not null)
            return (ImageMask.Box(image.Width, image.Height, PixelBox.Parse(box)), [input], box);
        var reading = MaskReading.Read(file!);
        terminal.Error.WriteLine($"hita: {file}: {reading.Describe()}.");
        var (_, second) = EditOutput.Read(terminal, file!);
        return (reading.Mask.For(image.Width, image.Height), [input, second], "mask");
    }

    private sealed record Settings(string Where, InpaintOptions Options);
}
