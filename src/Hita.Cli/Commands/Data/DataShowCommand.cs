using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Data;
using Hita.Imaging;

namespace Hita.Cli.Commands.Data;

/// <summary><c>hita data show</c>: a contact sheet.</summary>
internal static class DataShowCommand
{
    public static HitaCommand Create(CommandHost host)
    {
        var defaults = new ContactSheetOptions();
        var data = new DataArguments();
        data.Size.Description = $"Side of an image on the sheet; {defaults.Size} if left out.";
        var count = new Option<int>("--count") { Description = "Images on the sheet.", HelpName = "N", DefaultValueFactory = _ => defaults.Count };
        var columns = new Option<int?>("--columns") { Description = "Images in a row; a roughly square sheet if left out.", HelpName = "N" };
        var seed = new Option<ulong>("--seed") { Description = "The seed that chooses the images.", HelpName = "N" };
        var output = CommonOptions.Output("The image to write (.png, .jpg, .webp).", "FILE");
        var overwrite = new OverwriteOption();
        var command = new HitaCommand(
            "show",
            "Render a contact sheet of a set: some of its images with the names of their classes.",
            "hita data show photos/ -o sheet.png",
            "hita data show scans/ -o sheet.png --trim dark --square pad",
            "hita data show materials -o sheet.png --count 72 --columns 12")
        {
            data.Path, data.Format, data.Size, data.Trim, data.Square, count, columns, seed, output, overwrite,
        };
        command.SetAction(parsed =>
        {
            var options = new ContactSheetOptions
            {
                Count = parsed.GetValue(count),
                Size = parsed.GetValue(data.Size) ?? defaults.Size,
                Columns = parsed.GetValue(columns),
                Seed = parsed.GetValue(seed),
            }.Validate();
            var path = parsed.GetValue(output)!;
            ImageWriter.FormatOf(path);
            overwrite.Check(parsed, path);
            using var source = data.Open(host, parsed, options.Size);
            ImageWriter.Write(ContactSheet.Render(source, options, host.Cancellation), path);
            host.Terminal.Line($"{path}: {Wording.Of(Math.Min(options.Count, source.Count), "image")} of {source.Description}");
            foreach (var note in source.Notes)
                host.Terminal.Error.WriteLine(note);
            return ExitCodes.Success;
        });
        return command;
    }
}
