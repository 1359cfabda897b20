using System.Diagnostics.CodeAnalysis;
using Hita.Cli.Output;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>Reading of the images that a command was given.</summary>
internal static class ImageInput
{
    /// <summary>Reads a user's photo.</summary>
    /// <param name="terminal">Where a bad image is named.</param>
    /// <param name="file">The file.</param>
    /// <param name="only">Whether it is the command's only image: then a fault is the command's fault.</param>
    /// <param name="image">The image.</param>
    /// <returns>False where the image is bad and others may follow.</returns>
    /// <exception cref="ImageException">The only image is bad.</exception>
    public static bool TryRead(Terminal terminal, string file, bool only, [NotNullWhen(true)] out Image? image)
    {
        try
        {
            image = ImageDecoder.Decode(file);
            return true;
        }
        catch (HitaException e) when (!only)
        {
            terminal.Error.WriteLine($"hita: {e.Message}");
            image = null;
            return false;
        }
    }
}
