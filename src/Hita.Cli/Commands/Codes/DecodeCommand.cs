using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.TokenFiles;

namespace Hita.Cli.Commands.Codes;

/// <summary><c>hita decode</c>: codes become images.</summary>
internal static class DecodeCommand
{
    public static Command Create(CommandHost host)
    {
        var file = new Argument<string>("FILE") { Description = "A token file (.hita or .safetensors)." };
        var model = CommonOptions.Model("The folder of a tokenizer, a pipeline or a training run");
        var output = CommonOptions.Output("The folder to write the images to.", "DIR");
        var precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16);
        var anyModel = new Option<bool>("--any-model") { Description = "Also decode codes made by another model; the images will not look like the originals." };
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "decode",
            "Decode the images of a token file. Only the decoder is loaded.",
            "hita decode photo.hita -m models/hita/tokenizer -o out")
        {
            file, model, output, overwrite, precision, anyModel, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var tokens = TokenFile.Read(parsed.GetValue(file)!);
            var names = new OutputNames();
            var files = tokens.Images.Select((image, i) => Path.Combine(
                parsed.GetValue(output)!, names.Next(image.Name ?? (i + 1).ToString("00000", CultureInfo.InvariantCulture), "-decoded.png"))).ToList();
            // Found out now, not after the model has been loaded.
            overwrite.Check(parsed, files);
            using var place = new ResultFolder(parsed.GetValue(output)!);
            using var tokenizer = NamedModel.OpenTokenizer(
                parsed.GetValue(model)!,
                new TokenizerOptions { DecoderOnly = true, Device = parsed.GetValue(host.Globals.Device)!, Precision = CommonOptions.Chosen(parsed, precision) });
            if (tokens.ModelHash.Length > 0 && tokens.ModelHash != tokenizer.ModelHash && !parsed.GetValue(anyModel))
            {
                throw new HitaException(
                    $"{parsed.GetValue(file)} was made by the model {tokens.ModelHash}, and {parsed.GetValue(model)} is {tokenizer.ModelHash}; use that model, or add --any-model to decode all the same.");
            }
            var written = Run(host, tokens, tokenizer, files);
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, written);
            else
            {
                foreach (var path in written)
                    host.Terminal.Line(path);
            }
            return ExitCodes.Success;
        });
        return command;
    }

    private static List<string> Run(CommandHost host, TokenSet tokens, ImageTokenizer tokenizer, List<string> files)
    {
        var written = new List<string>();
        using var progress = tokens.Images.Count > 1 ? new ProgressLine(host.Terminal, "Decoding", "images", tokens.Images.Count) : null;
        foreach (var tokenImage in tokens.Images)
        {
            host.Cancellation.ThrowIfCancellationRequested();
            var image = tokenizer.Decode([tokenImage.Codes], cancellation: host.Cancellation)[0];
            ImageWriter.Write(image, files[written.Count]);
            written.Add(files[written.Count]);
            progress?.Report(written.Count);
        }
        return written;
    }
}
