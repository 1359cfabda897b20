using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>What an edited image carries in its PNG text: with the input images, all that is needed to make it again.</summary>
/// <param name="Edit">The command.</param>
/// <param name="Tokenizer">The tokenizer's hash.</param>
/// <param name="Generator">The generator's hash; null where none took part.</param>
/// <param name="Precision">The type of the generator's weights; null where none took part.</param>
/// <param name="Inputs">The images by name, with the SHA-256 of their pixels.</param>
/// <param name="Settings">The command's settings.</param>
internal sealed record EditSettings(
    string Edit, string Tokenizer, string? Generator, string? Precision, IReadOnlyList<EditInput> Inputs, object Settings);

/// <summary>An image that an edit was made of.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Sha256">The hash of the decoded pixels.</param>
internal sealed record EditInput(string Name, string Sha256)
{
    /// <summary>Where it was read from, which is nothing for the record.</summary>
    [JsonIgnore]
    public string File { get; init; } = "";
}

/// <summary>Reads the images of an edit and writes its results.</summary>
internal static class EditOutput
{
    /// <summary>The PNG text that says how an image was edited; that of generated images has another name.</summary>
    public const string Keyword = ImageSettings.EditKeyword;

    // One line: the text has to pass through tools that break long ones.
    private static readonly JsonSerializerOptions Json = new(ConfigJson.Options) { WriteIndented = false };

    /// <summary>Checks a result's name before long work: its extension, its folder, and that it takes no input's place.</summary>
    /// <exception cref="HitaException">It cannot be written.</exception>
    public static string Check(string path, params IReadOnlyList<string?> inputs)
    {
        ImageWriter.FormatOf(path);
        RefuseInputs(path, inputs);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
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
        return (image, new EditInput(Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(image.Pixels))) { File = path });
    }

    /// <summary>Writes an image with what it was made of.</summary>
    public static void Write(Image image, string path, EditSettings settings) => ImageWriter.Write(image, path, new ImageWriteOptions
    {
        Text = new Dictionary<string, string> { [Keyword] = JsonSerializer.Serialize(settings, Json) },
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
