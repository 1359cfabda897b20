using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Cli.Commands.Codes;

/// <summary><c>hita reconstruct</c>: images through the codes and back, side by side.</summary>
internal static class ReconstructCommand
{
    public static Command Create(CommandHost host)
    {
        var images = new ImageArguments();
        var output = CommonOptions.Output("The folder to write the images to.", "DIR");
        var overwrite = new OverwriteOption();
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "reconstruct",
            "Encode images and decode their codes again: original and reconstruction side by side, PSNR and code usage.",
            "hita reconstruct photo.jpg -m models/hita/tokenizer -o out",
            "hita reconstruct photos/ -m models/hita/tokenizer -o out --size 512x336");
        images.AddTo(command, output, overwrite);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            var files = images.Files(parsed);
            var names = new OutputNames();
            var results = files.Select(f => Path.Combine(parsed.GetValue(output)!, names.Next(f, "-reconstruction.png"))).ToList();
            // Found out now, not after the model has been loaded.
            overwrite.Check(parsed, results);
            using var place = new ResultFolder(parsed.GetValue(output)!);
            using var tokenizer = images.Open(host, parsed, files);
            var done = Run(host, files, tokenizer, images.Fitting(parsed, tokenizer.Config), results);
            Print(host.Terminal, tokenizer, done, parsed.GetValue(json));
            return done.Done.Count > 0 && done.Refused == 0 ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }

    private static Results Run(CommandHost host, IReadOnlyList<string> files, ImageTokenizer tokenizer, Func<Image, Image> fit, List<string> paths)
    {
        var done = new List<Reconstruction>();
        var codes = new List<ImageCodes>();
        var input = new ImageInputs(host.Terminal, files.Count);
        using var progress = files.Count > 1 ? new ProgressLine(host.Terminal, "Reconstructing", "images", files.Count) : null;
        foreach (var (file, path) in files.Zip(paths))
        {
            host.Cancellation.ThrowIfCancellationRequested();
            // One bad image among many is named and counted; the others still go through.
            if (!input.TryRead(file, out var original))
            {
                progress?.Report(done.Count + input.Refused);
                continue;
            }
            var fitted = fit(original);
            var (image, reconstruction) = tokenizer.Reconstruct(fitted);
            ImageWriter.Write(ImageGrid.SideBySide(fitted, reconstruction), path);
            codes.Add(image);
            done.Add(new Reconstruction(
                file, path, fitted.Width, fitted.Height, ImageComparison.Psnr(fitted, reconstruction), image.Holistic.Distinct().Count(), image.Holistic.Count, image.Patches.Distinct().Count(), image.Patches.Count));
            progress?.Report(done.Count + input.Refused);
        }
        return new Results(done, input.Refused, codes.SelectMany(static c => c.Holistic).Distinct().Count(), codes.SelectMany(static c => c.Patches).Distinct().Count());
    }

    private static void Print(Terminal terminal, ImageTokenizer tokenizer, Results results, bool json)
    {
        if (json)
        {
            JsonOutput.Write(terminal, results);
            return;
        }
        if (results.Done.Count == 0)
            return;
        terminal.Table(
            ["image", "pixels", "PSNR dB", "holistic codes", "patch codes", "written"],
            [
                .. results.Done.Select(static r => (IReadOnlyList<string>)
                [
                    Path.GetFileName(r.File),
                    string.Create(CultureInfo.InvariantCulture, $"{r.Width}×{r.Height}"),
                    Wording.Decibels(r.Psnr),
                    Share(r.DistinctHolistic, r.Holistic),
                    Share(r.DistinctPatches, r.Patches),
                    r.Written,
                ]),
            ]);
        var mean = results.Done.Average(static r => r.Psnr);
        var size = tokenizer.Config.CodebookSize;
        var holistic = tokenizer.Config.HolisticTokenCount == 0 ? "" : $"{results.UsedHolistic} of {size} holistic and ";
        terminal.Line($"{Wording.Of(results.Done.Count, "image")}, mean PSNR {Wording.Decibels(mean)} dB; used {holistic}{results.UsedPatches} of {size} patch codes of the codebooks.");
    }

    private static string Share(int distinct, int all) =>
        all == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"{distinct} different of {all}");

    private sealed record Reconstruction(
        string File, string Written, int Width, int Height, double Psnr, int DistinctHolistic, int Holistic, int DistinctPatches, int Patches);

    private sealed record Results(IReadOnlyList<Reconstruction> Done, int Refused, int UsedHolistic, int UsedPatches);
}
