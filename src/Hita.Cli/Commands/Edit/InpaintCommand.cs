using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Editing;
using Hita.Imaging;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita inpaint</c>: a part of an image is regenerated.</summary>
internal static class InpaintCommand
{
    public static Command Create(CommandHost host)
    {
        var source = new Argument<string>("IMAGE") { Description = "The image, of any size." };
        var mask = new Option<string?>("--mask") { Description = "An image that is white where to decode and black elsewhere, of the image's size or shape.", HelpName = "FILE" };
        var box = CommonOptions.Box("Decode this box; what lies outside the image is cut off.");
        var lower = new Option<bool>("--lower-half") { Description = "Decode the lower half." };
        var output = CommonOptions.Output("The image to write: .png, .jpg or .webp.", "FILE");
        var models = new PipelineArguments();
        var inpaint = new InpaintArguments();
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "inpaint",
            "Regenerate a part of an image, to fit what is around it. Pixels outside the mask stay exactly as they are, and nothing under it is looked at.",
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
                result.AddError("Say what to decode by one of --mask, --box and --lower-half.");
        });
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = inpaint.Options(parsed, models.SamplingOf(parsed));
            var file = EditOutput.Check(parsed.GetValue(output)!, parsed.GetValue(source), parsed.GetValue(mask));
            overwrite.Check(parsed, InpaintRun.Files(file, options));
            var (image, input) = EditOutput.Read(parsed.GetValue(source)!);
            var (marks, inputs, where) = Mask(image, input, parsed.GetValue(mask), parsed.GetValue(box), parsed.GetValue(lower));
            return InpaintRun.Run(
                host, parsed, models, "inpaint", file, inputs, new Settings(where, options), parsed.GetValue(json),
                (decoder, progress) => decoder.Fill(image, marks, options, progress, host.Cancellation));
        });
        return command;
    }

    private static (ImageMask Mask, IReadOnlyList<EditInput> Inputs, string Where) Mask(
        Image image, EditInput input, string? file, string? box, bool lower)
    {
        if (lower)
            return (ImageMask.LowerHalf(image.Width, image.Height), [input], "lower half");
        if (box is not null)
            return (ImageMask.Box(image.Width, image.Height, PixelBox.Parse(box)), [input], box);
        var (sampled, second) = EditOutput.Read(file!);
        return (ImageMask.FromImage(sampled).For(image.Width, image.Height), [input, second], "mask");
    }

    private sealed record Settings(string Where, InpaintOptions Options);
}
