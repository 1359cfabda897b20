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
        var model = CommonOptions.Model("The tokenizer's or pipeline's folder");
        var output = CommonOptions.Output("The folder to write the images to.", "DIR");
        var precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16);
        var anyModel = new Option<bool>("--any-model") { Description = "Also decode codes made by another model; the images will not look like the originals." };
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "decode",
            "Decode the images of a token file. Only the decoder is loaded.",
            "hita decode photo.hita -m models/hita/tokenizer -o out")
        {
            file, model, output, precision, anyModel, json,
        };
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var tokens = TokenFile.Read(parsed.GetValue(file)!);
            // Found out now, not after the model has been loaded.
            Directory.CreateDirectory(parsed.GetValue(output)!);
            using var tokenizer = NamedModel.OpenTokenizer(
                parsed.GetValue(model)!,
                new TokenizerOptions { DecoderOnly = true, Device = parsed.GetValue(host.Globals.Device)!, Precision = CommonOptions.Chosen(parsed, precision) });
            if (tokens.ModelHash.Length > 0 && tokens.ModelHash != tokenizer.ModelHash && !parsed.GetValue(anyModel))
            {
                throw new HitaException(
                    $"{parsed.GetValue(file)} was made by the model {tokens.ModelHash}, and {parsed.GetValue(model)} is {tokenizer.ModelHash}; use that model, or add --any-model to decode all the same.");
            }
            var written = Run(host, tokens, tokenizer, parsed.GetValue(output)!);
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

    private static List<string> Run(CommandHost host, TokenSet tokens, ImageTokenizer tokenizer, string folder)
    {
        var names = new OutputNames();
        var written = new List<string>();
        using var progress = tokens.Images.Count > 1 ? new ProgressLine(host.Terminal, "Decoding", "images", tokens.Images.Count) : null;
        foreach (var tokenImage in tokens.Images)
        {
            host.Cancellation.ThrowIfCancellationRequested();
            var image = tokenizer.Decode([tokenImage.Codes], cancellation: host.Cancellation)[0];
            var name = tokenImage.Name ?? (written.Count + 1).ToString("00000", CultureInfo.InvariantCulture);
            var path = Path.Combine(folder, names.Next(name, "-decoded.png"));
            ImageWriter.Write(image, path);
            written.Add(path);
            progress?.Report(written.Count);
        }
        return written;
    }
}
