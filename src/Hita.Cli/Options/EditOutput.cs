using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>Reads the images of an edit and writes its results.</summary>
internal static class EditOutput
{
    /// <summary>The PNG text that says how an image was edited; that of generated images has another name.</summary>
    public const string Keyword = ImageSettings.EditKeyword;

    /// <summary>Checks a result's name before long work: its extension, and that it takes no input's place.</summary>
    /// <exception cref="HitaException">It cannot be written.</exception>
    public static string Check(string path, params IReadOnlyList<string?> inputs)
    {
        ImageWriter.FormatOf(path);
        RefuseInputs(path, inputs);
        return path;
    }

    /// <summary>Refuses a result in the place of an image that it is made of.</summary>
    public static void RefuseInputs(string path, IReadOnlyList<string?> inputs)
    {
        foreach (var input in inputs)
        {
            if (input is not null && Path.GetFullPath(input) == Path.GetFullPath(path))
                throw new HitaException($"{path} is an image that the edit is made of; give the result another name.");
        }
    }

    /// <summary>Reads an image.</summary>
    public static (Image Image, EditInput Input) Read(Terminal terminal, string path)
    {
        var image = ImageDecoder.Decode(path, ImageInput.Options(terminal));
        return (image, EditInput.Of(Path.GetFileName(path), image) with { File = path });
    }

    /// <summary>Writes an image with what it was made of.</summary>
    public static void Write(Image image, string path, EditSettings settings) => ImageWriter.Write(image, path, new ImageWriteOptions
    {
        Text = new Dictionary<string, string> { [Keyword] = settings.ToText() },
    });

    /// <summary>A line of progress for codes, whose number is known window by window.</summary>
    public static (ProgressLine Line, IProgress<EditProgress> Progress) SamplingProgress(CommandHost host)
    {
        var line = new ProgressLine(host.Terminal, "Sampling", "codes", total: null);
        return (line, new DirectProgress<EditProgress>(p => line.Report(p.Done)));
    }

    /// <summary>Another name beside a result's: <c>out.png</c> becomes <c>out-2.png</c>.</summary>
    public static string Beside(string path, string word) =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}-{word}{Path.GetExtension(path)}");
}
