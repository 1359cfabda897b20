using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization.Model;
using Hita.Tokenization.TokenFiles;

namespace Hita.Cli.Commands.Codes;

/// <summary><c>hita encode</c>: images become codes.</summary>
internal static class EncodeCommand
{
    public static Command Create(CommandHost host)
    {
        var images = new ImageArguments();
        var output = CommonOptions.Output("The token file to write: .hita (compact) or .safetensors.", "FILE");
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "encode",
            "Turn images into holistic and patch codes, about a kilobyte per image.",
            "hita encode photo.jpg -m models/hita/tokenizer -o photo.hita",
            "hita encode photos/ -m models/hita/tokenizer -o photos.safetensors");
        images.AddTo(command, output, overwrite);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var file = parsed.GetValue(output)!;
            // Found out now, not after the images have been encoded.
            if (Path.GetExtension(file).ToLowerInvariant() is not (".hita" or ".safetensors"))
                throw new HitaException($"{file} must end in .hita or .safetensors, which says how the codes are written.");
            var files = images.Files(parsed);
            overwrite.Check(parsed, file);
            using var place = ResultFolder.Of(file);
            ProbeWritable(file);
            using var tokenizer = images.Open(host, parsed, files);
            var fit = images.Fitting(parsed, tokenizer.Config);

            var encoded = new List<TokenImage>();
            var input = new ImageInputs(host.Terminal, files.Count);
            try
            {
                Encode();
            }
            finally
            {
                // Also when cancelled: what has been encoded is kept.
                if (encoded.Count > 0)
                    TokenFile.Write(new TokenSet(tokenizer.Config.CodebookSize, encoded, tokenizer.ModelHash), file);
            }
            if (encoded.Count == 0)
                throw new HitaException("None of the images could be read, so no file was written.");
            var result = new Result(file, encoded.Count, input.Refused, new FileInfo(file).Length);
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, result);
            else
                host.Terminal.Line($"{file}: {Wording.Of(encoded.Count, "image")}, {result.Bytes} bytes");
            return input.Refused == 0 ? ExitCodes.Success : ExitCodes.Failure;

            void Encode()
            {
                using var progress = files.Count > 1 ? new ProgressLine(host.Terminal, "Encoding", "images", files.Count) : null;
                foreach (var path in files)
                {
                    host.Cancellation.ThrowIfCancellationRequested();
                    if (input.TryRead(path, out var image))
                    {
                        var fitted = fit(image);
                        RefuseOtherShape(file, encoded, fitted, tokenizer.Config);
                        encoded.Add(new TokenImage(tokenizer.Encode([fitted], cancellation: host.Cancellation)[0], Path.GetFileName(path)));
                    }
                    progress?.Report(encoded.Count + input.Refused);
                }
            }
        });
        return command;
    }

    private static void ProbeWritable(string file)
    {
        if (Directory.Exists(file))
            throw new HitaException($"{file} is a folder; name a file.");
        using var probe = new FileStream(
            Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, $".{Guid.NewGuid():N}.tmp"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
    }

    // A safetensors file holds one grid: the first image of another shape ends the work before it is encoded in vain.
    private static void RefuseOtherShape(string file, List<TokenImage> encoded, Image image, TokenizerConfig config)
    {
        if (encoded.Count == 0 || file.EndsWith(".hita", StringComparison.OrdinalIgnoreCase))
            return;
        var first = encoded[0].Codes;
        if ((image.Height / config.PatchSize, image.Width / config.PatchSize) != (first.GridHeight, first.GridWidth))
            throw new HitaException($"{file} holds images of one size, and these have several: write a .hita file, or use --fit crop or pad.");
    }

    private sealed record Result(string File, int Images, int Refused, long Bytes);
}
