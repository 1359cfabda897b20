using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Runtime;

namespace Hita.Cli.Commands.Edit;

/// <summary><c>hita style</c>: one image in the style of another.</summary>
internal static class StyleCommand
{
    public static Command Create(CommandHost host)
    {
        var content = new Argument<string>("CONTENT") { Description = "The image to keep." };
        var style = new Argument<string>("STYLE") { Description = "The image to take the style of." };
        var model = CommonOptions.Model("The folder of a tokenizer, a pipeline or a training run");
        var output = CommonOptions.Output("The image to write: .png, .jpg or .webp.", "FILE");
        var defaults = new StyleOptions();
        var strength = new Option<double>("--strength") { Description = "From 0 (the content) to 1 (all of the style).", HelpName = "S", DefaultValueFactory = _ => defaults.Strength };
        var method = new Option<string>("--method") { Description = "What the strength is: the share of holistic codes swapped, or how far all are interpolated before quantization.", HelpName = "swap|interpolate", DefaultValueFactory = _ => Name(defaults.Method) };
        var order = new Option<string>("--order") { Description = "Which codes are swapped first.", HelpName = "first|last|spread|by-difference", DefaultValueFactory = _ => Name(defaults.Order) };
        var opening = new Option<bool>("--keep-opening") { Description = "Keep the last holistic codes, from which the first patches are decoded.", DefaultValueFactory = _ => defaults.KeepOpening };
        var whole = new Option<bool>("--whole-shape") { Description = "Work on the whole image in its own shape, not on its largest centre square." };
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        CommonOptions.OneOf(method, "swap", "interpolate");
        CommonOptions.OneOf(order, "first", "last", "spread", "by-difference");
        var command = new HitaCommand(
            "style",
            "Transfer the style of one image to another: the content's patch codes are decoded with the style's holistic codes. Outside the centre square the image stays as it is.",
            "hita style content.jpg style.jpg -m models/hita -o out.png",
            "hita style content.jpg style.jpg --strength 0.5 --method interpolate --whole-shape -m models/hita -o out.png")
        {
            content, style, model, strength, method, order, opening, whole, output, overwrite, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var options = new StyleOptions
            {
                Strength = parsed.GetValue(strength),
                Method = parsed.GetValue(method) == "interpolate" ? StyleMethod.Interpolate : StyleMethod.Swap,
                Order = parsed.GetValue(order) switch
                {
                    "last" => StyleOrder.Last,
                    "spread" => StyleOrder.Spread,
                    "by-difference" => StyleOrder.ByDifference,
                    _ => StyleOrder.First,
                },
                KeepOpening = parsed.GetValue(opening),
            }.Validate();
            var file = EditOutput.Check(parsed.GetValue(output)!, parsed.GetValue(content), parsed.GetValue(style));
            overwrite.Check(parsed, file);
            using var place = ResultFolder.Of(file);
            var (first, firstInput) = EditOutput.Read(host.Terminal, parsed.GetValue(content)!);
            var (second, secondInput) = EditOutput.Read(host.Terminal, parsed.GetValue(style)!);
            using var tokenizer = PipelineArguments.OpenTokenizer(host, parsed, model, firstInput.File, secondInput.File);
            var side = tokenizer.Config.ImageSize;
            if (!parsed.GetValue(whole))
                ModelNotes.TellOfCoarseness(host, EditWindow.Centre(first, side, side).Box.Width, side);
            var result = new StyleTransfer(tokenizer).Apply(first, second, options, parsed.GetValue(whole), host.Cancellation);
            EditOutput.Write(result, file, new EditSettings("style", tokenizer.ModelHash, null, null, [firstInput, secondInput], new Settings(options, parsed.GetValue(whole))));
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, new Report(file, result.Width, result.Height, options));
            else
                host.Terminal.Line(file);
            return ExitCodes.Success;
        });
        return command;
    }

    private static string Name(StyleMethod method) => method == StyleMethod.Interpolate ? "interpolate" : "swap";

    private static string Name(StyleOrder order) => order switch
    {
        StyleOrder.Last => "last",
        StyleOrder.Spread => "spread",
        StyleOrder.ByDifference => "by-difference",
        _ => "first",
    };

    private sealed record Settings(StyleOptions Options, bool WholeShape);

    private sealed record Report(string File, int Width, int Height, StyleOptions Options);
}
