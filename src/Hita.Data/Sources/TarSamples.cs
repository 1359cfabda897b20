using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>An image found in an archive.</summary>
/// <param name="Name">Its path.</param>
/// <param name="Offset">Its first byte; negative for a link that leads nowhere.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="HasCompanion">Whether a file that is no image and has the same name but for its ending lies beside it.</param>
internal record struct TarFound(string Name, long Offset, long Length, bool HasCompanion);

/// <summary>
/// Decides which images of an archive are training images, and which class files belong to them.
/// </summary>
/// <remarks>
/// <para>An image's key is its path up to the last dot, so that names with dots in them keep their own class files. Where there
/// is no file of that key, it is the shortest part of the path that ends before a dot and is the key of a class file or of
/// another image: <c>0.seg.png</c> belongs to the sample <c>0</c>.</para>
/// <para>A sample has one image, which is called like its key. Others are left out and counted.</para>
/// </remarks>
internal sealed class TarSamples
{
    private const int Named = 3;
    private readonly List<string> _further = [];

    /// <summary>The images to take, each with what its class file says.</summary>
    public List<(TarFound Image, string? Label)> Taken { get; } = [];

    /// <summary>Divides the images of an archive.</summary>
    /// <param name="path">The archive, for messages.</param>
    /// <param name="images">All of them.</param>
    /// <param name="labels">What the class files say, by their keys.</param>
    /// <exception cref="DataException">Several images claim one class file, and none is called like it.</exception>
    public static TarSamples Of(string path, List<TarFound> images, Dictionary<string, string> labels)
    {
        var samples = new TarSamples();
        // Without any companion, files are just images, whatever they are called.
        if (labels.Count == 0 && !images.Exists(static p => p.HasCompanion))
        {
            samples.Taken.AddRange(images.Select(static p => (p, (string?)null)));
            return samples;
        }
        var stems = images.Select(static p => Stem(p.Name)).ToHashSet(StringComparer.Ordinal);
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var image in images)
        {
            var key = Key(image, stems, labels);
            if (!places.TryGetValue(key, out var place))
            {
                places.Add(key, samples.Taken.Count);
                samples.Taken.Add((image, labels.GetValueOrDefault(key)));
                continue;
            }
            var other = samples.Taken[place].Image;
            if (Stem(other.Name) == key)
                samples._further.Add(image.Name);
            else if (Stem(image.Name) == key)
                samples.Replace(place, image);
            else if (!stems.Contains(key))
                throw new DataException(path, $"{MessageText.Short(other.Name)} and {MessageText.Short(image.Name)} both belong to {MessageText.Short(key)}.cls; give the one to train on the name of that file, and the other another.");
            else
                samples._further.Add(image.Name);
        }
        return samples;
    }

    /// <summary>The sentence about images that were left out; null where there are none.</summary>
    public string? Note(string path) => _further.Count == 0
        ? null
        : $"{path}: {FolderSource.Counted(_further.Count, "further image")} of samples that have one {(_further.Count == 1 ? "is" : "are")} left out ({MessageText.Few(_further, Named)}); a sample is trained on by the image that is called like its key.";

    /// <summary>A path without its last ending.</summary>
    public static string Stem(string name)
    {
        var dot = name.LastIndexOf('.');
        return dot > name.LastIndexOf('/') ? name[..dot] : name;
    }

    private void Replace(int place, TarFound image)
    {
        _further.Add(Taken[place].Image.Name);
        Taken[place] = (image, Taken[place].Label);
    }

    private static string Key(TarFound image, HashSet<string> stems, Dictionary<string, string> labels)
    {
        var stem = Stem(image.Name);
        if (image.HasCompanion || labels.ContainsKey(stem))
            return stem;
        var at = stem.LastIndexOf('/') + 1;
        while ((at = stem.IndexOf('.', at)) >= 0)
        {
            var part = stem[..at++];
            if (labels.ContainsKey(part) || stems.Contains(part))
                return part;
        }
        return stem;
    }
}
