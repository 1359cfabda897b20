using Hita.Cli.Output;
using Hita.Imaging;

namespace Hita.Cli.Options;

/// <summary>Reading of the images that a command was given.</summary>
internal static class ImageInput
{
    /// <summary>How a user's photo is decoded: what its file lacks without harm is said on the error stream.</summary>
    public static ImageDecodeOptions Options(Terminal terminal) =>
        ImageDecodeOptions.Photo with { Noted = note => terminal.Error.WriteLine($"hita: {note}") };
}
