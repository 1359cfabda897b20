using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita morph</c>: one image turns into another.</summary>
internal static class MorphCommand
{
    private const int LongestStrip = 12;

    public static Command Create(CommandHost host)
    {
        var from = new Argument<string>("FROM") { Description = "The image at the start." };
        var to = new Argument<string>("TO") { Description = "The image at the end." };
        var model = CommonOptions.Model("The folder of a tokenizer, a pipeline or a training run");
        var output = CommonOptions.Output("The animation to write, a .webp file; a strip of stills goes beside it.", "FILE");
        var frames = new Option<int>("--frames") { Description = "Number of frames, both ends included.", HelpName = "N", DefaultValueFactory = static _ => 24 };
        var patches = new Option<string>("--patches") { Description = "What the patches do: blend, or stay those of the first or the second image.", HelpName = "blend|first|second", DefaultValueFactory = static _ => "blend" };
        var quantize = new Option<bool>("--quantize") { Description = "Quantize every frame to codes; the animation is less smooth." };
        var milliseconds = new Option<int>("--frame-time") { Description = "How long a frame is shown, in milliseconds.", HelpName = "MS", DefaultValueFactory = static _ => 80 };
        var back = new Option<bool>("--there-and-back") { Description = "Append the way back, so that the animation loops without a jump." };
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        CommonOptions.OneOf(patches, "blend", "first", "second");
        NumberOptions.Between(milliseconds, 1, 60_000);
        var command = new HitaCommand(
            "morph",
            "Morph one image into another through the tokenizer's features: an animated WebP and a strip of stills.",
            "hita morph a.jpg b.jpg --frames 24 -m models/hita -o morph.webp",
            "hita morph a.jpg b.jpg --patches first --there-and-back -m models/hita -o look.webp")
        {
            from, to, model, output, frames, patches, quantize, milliseconds, back, overwrite, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = new MorphOptions
            {
                Frames = parsed.GetValue(frames),
                Quantize = parsed.GetValue(quantize),
                Patches = parsed.GetValue(patches) switch
                {
                    "first" => MorphPatches.First,
                    "second" => MorphPatches.Second,
                    _ => MorphPatches.Blend,
                },
            }.Validate();
            var file = EditOutput.Check(parsed.GetValue(output)!, parsed.GetValue(from), parsed.GetValue(to));
            if (ImageWriter.FormatOf(file) != ImageFormat.Webp)
                throw new HitaException($"{file} must end in .webp: animations are written as WebP.");
            var strip = Path.ChangeExtension(EditOutput.Beside(file, "strip"), ".png");
            overwrite.Check(parsed, file, strip);
            using var place = ResultFolder.Of(file);
            var (first, firstInput) = EditOutput.Read(host.Terminal, parsed.GetValue(from)!);
            var (second, secondInput) = EditOutput.Read(host.Terminal, parsed.GetValue(to)!);
            using var tokenizer = PipelineArguments.OpenTokenizer(host, parsed, model, firstInput.File, secondInput.File);
            IReadOnlyList<Image> images;
            using (var line = new ProgressLine(host.Terminal, "Decoding", "frames", options.Frames))
                images = new ImageMorph(tokenizer).Render(first, second, options, new DirectProgress<EditProgress>(p => line.Report(p.Done)), host.Cancellation);
            EditOutput.Write(Strip(images), strip, new EditSettings("morph", tokenizer.ModelHash, null, null, [firstInput, secondInput], options));
            IReadOnlyList<Image> shown = parsed.GetValue(back) ? [.. images, .. images.Reverse().Skip(1).SkipLast(1)] : images;
            AnimatedWebp.Write(shown, file, parsed.GetValue(milliseconds));
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, new Report(file, strip, shown.Count, options));
            else
            {
                host.Terminal.Line(file);
                host.Terminal.Line(strip);
            }
            return ExitCodes.Success;
        });
        return command;
    }

    // Both ends and what lies evenly between them.
    private static Image Strip(IReadOnlyList<Image> frames)
    {
        var count = Math.Min(frames.Count, LongestStrip);
        return ImageGrid.SideBySide([.. Enumerable.Range(0, count).Select(i => frames[(int)Math.Round(i * (frames.Count - 1.0) / (count - 1))])]);
    }

    private sealed record Report(string File, string Strip, int Frames, MorphOptions Options);
}
