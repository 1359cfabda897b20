using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Editing;
using Hita.Imaging;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita inpaint</c>: a part of a picture is painted anew.</summary>
internal static class InpaintCommand
{
    public static Command Create(CommandHost host)
    {
        var image = new Argument<string>("IMAGE") { Description = "The picture, of any size." };
        var mask = new Option<string?>("--mask") { Description = "A picture that is white where to paint and black elsewhere, of the picture's size or shape.", HelpName = "FILE" };
        var box = CommonOptions.Box("Paint this box; what lies outside the picture is cut off.");
        var lower = new Option<bool>("--lower-half") { Description = "Paint the lower half." };
        var output = CommonOptions.Output("The picture to write: .png, .jpg or .webp.", "FILE");
        var models = new PipelineArguments();
        var inpaint = new InpaintArguments();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "inpaint",
            "Paint a part of a picture anew, to fit what is around it. Pixels outside the mask stay exactly as they are, and nothing under it is looked at.",
            "hita inpaint photo.jpg --box 40,40,120,80 -m models/hita -o out.png",
            "hita inpaint photo.jpg --mask mask.png --class \"golden retriever\" --cfg-scale 2 --candidates 8 -m models/hita -o out.png",
            "hita inpaint photo.jpg --lower-half -m models/hita -o out.png")
        {
            image, mask, box, lower, output,
        };
        models.AddTo(command);
        inpaint.AddTo(command);
        command.Options.Add(json);
        command.Validators.Add(result =>
        {
            var given = (result.GetResult(mask) is null ? 0 : 1) + (result.GetResult(box) is null ? 0 : 1) + (result.GetValue(lower) ? 1 : 0);
            if (given != 1)
                result.AddError("Say what to paint by one of --mask, --box and --lower-half.");
        });
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = inpaint.Options(parsed, models.Drawing(parsed));
            var file = EditOutput.Check(parsed.GetValue(output)!, parsed.GetValue(image), parsed.GetValue(mask));
            var (picture, input) = EditOutput.Read(parsed.GetValue(image)!);
            var (marks, inputs, where) = Mask(picture, input, parsed.GetValue(mask), parsed.GetValue(box), parsed.GetValue(lower));
            return InpaintRun.Run(
                host, parsed, models, "inpaint", file, inputs, new Settings(where, options), parsed.GetValue(json),
                (painter, progress) => painter.Fill(picture, marks, options, progress, host.Cancellation));
        });
        return command;
    }

    private static (PictureMask Mask, IReadOnlyList<EditInput> Inputs, string Where) Mask(
        Picture picture, EditInput input, string? file, string? box, bool lower)
    {
        if (lower)
            return (PictureMask.LowerHalf(picture.Width, picture.Height), [input], "lower half");
        if (box is not null)
            return (PictureMask.Box(picture.Width, picture.Height, PixelBox.Parse(box)), [input], box);
        var (drawn, second) = EditOutput.Read(file!);
        return (PictureMask.FromPicture(drawn).For(picture.Width, picture.Height), [input, second], "mask");
    }

    private sealed record Settings(string Where, InpaintOptions Options);
}
