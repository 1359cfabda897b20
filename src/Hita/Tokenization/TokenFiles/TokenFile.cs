using System.Globalization;
using System.Text;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Tokenization;

/// <summary>
/// An opened file of image codes, of either kind: the compact <c>.hita</c> form (docs/hita-format.md) or safetensors. Images are
/// read one at a time.
/// </summary>
public abstract class TokenFile : IDisposable
{
    private protected const int LongestName = 255;

    private protected TokenFile(string path) => Path = path;

    /// <summary>The ending of the compact form.</summary>
    public const string CompactEnding = ".hita";

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>Number of images.</summary>
    public abstract int Count { get; }

    /// <summary>How the codes of every image in the file are laid out.</summary>
    public abstract CodeLayout Layout { get; }

    /// <summary>Reads an image's codes; each has been checked to lie inside the codebook.</summary>
    /// <param name="index">Which image, 0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="CheckpointException">The file is damaged there.</exception>
    public abstract ImageCodes Read(int index);

    /// <summary>Reads all images.</summary>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public IReadOnlyList<ImageCodes> ReadAll()
    {
        var images = new List<ImageCodes>();
        for (var i = 0; i < Count; i++)
            images.Add(Read(i));
        return images;
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Opens a token file of either kind, told apart by its content.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be opened, is damaged, from a newer version, or not a token file.</exception>
    public static TokenFile Open(string path)
    {
        if (HitaTokenFile.Recognises(path))
            return HitaTokenFile.Open(path);
        return WeightFile.LooksLikeSafetensors(path)
            ? SafetensorsTokenFile.Open(path)
            : throw new CheckpointException(path, "this is not a token file, neither of the compact kind (.hita) nor safetensors.");
    }

    /// <summary>Reads all images of a token file of either kind.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be opened, is damaged, from a newer version, or not a token file.</exception>
    public static IReadOnlyList<ImageCodes> ReadAll(string path)
    {
        using var file = Open(path);
        return file.ReadAll();
    }

    /// <summary>Writes images, as the compact form where the path ends in <c>.hita</c>, else as safetensors.</summary>
    /// <param name="path">Where the file will appear, complete or not at all.</param>
    /// <param name="images">At least one; all of one layout and made by one model.</param>
    /// <exception cref="CheckpointException">It cannot be written, or the images do not belong in one file.</exception>
    /// <exception cref="ConfigException">The codes of an image are not valid.</exception>
    public static void Write(string path, IReadOnlyList<ImageCodes> images)
    {
        if (images.Count == 0)
            throw new CheckpointException(path, "there are no images to write.");
        var layout = images[0].Layout;
        foreach (var image in images)
        {
            image.Validate();
            if (image.Layout != layout)
                throw new CheckpointException(path, "the images have different grids or come from different models, and one token file holds one kind; write them to several files.");
            if (image.Name is { } name && NameFault(name) is { } fault)
                throw new CheckpointException(path, $"the picture's name '{MessageText.Short(name)}' {fault}.");
        }
        if (path.EndsWith(CompactEnding, StringComparison.OrdinalIgnoreCase))
            HitaTokenFile.Write(path, layout, images);
        else
            SafetensorsTokenFile.Write(path, layout, images);
    }

    /// <summary>What is wrong with a name, as a clause; null where it is a plain one. Names become file names again.</summary>
    private protected static string? NameFault(string name)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > LongestName)
            return string.Create(CultureInfo.InvariantCulture, $"does not have 1 to {LongestName} bytes");
        if (name is "." or ".." || name.AsSpan().IndexOfAny("/\\:") >= 0 || name.Any(char.IsControl))
            return "is not a plain file name";
        return null;
    }
}
