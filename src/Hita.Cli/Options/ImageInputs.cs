using System.Diagnostics.CodeAnalysis;
using Hita.Cli.Output;
using Hita.Data;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>The images that a command was given, as they are read: a bad one is named and counted, too many are an error.</summary>
/// <param name="terminal">Where a bad image is named.</param>
/// <param name="count">Images in all; the fault of an only one is the command's fault.</param>
internal sealed class ImageInputs(Terminal terminal, int count)
{
    private readonly UnreadableImages _unreadable = new("The images");

    /// <summary>Images that could not be read so far.</summary>
    public int Refused => (int)_unreadable.Count;

    /// <summary>Reads a user's photo.</summary>
    /// <param name="file">The file.</param>
    /// <param name="image">The image.</param>
    /// <returns>False where the image is bad and others may follow.</returns>
    /// <exception cref="HitaException">The only image is bad, or too many of them are.</exception>
    public bool TryRead(string file, [NotNullWhen(true)] out Image? image)
    {
        try
        {
            image = ImageDecoder.Decode(file, ImageInput.Options(terminal));
            return true;
        }
        catch (Exception e) when (count > 1 && UnreadableImages.IsFault(e))
        {
            terminal.Error.WriteLine($"hita: {e.Message}");
            image = null;
            _unreadable.Add(e.Message);
            _unreadable.Check(count);
            return false;
        }
    }
}
