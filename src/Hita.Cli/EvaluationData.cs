using Hita.Data;
using Hita.Data.Sources;
using Hita.Runtime;

namespace Hita.Cli;

/// <summary>The pictures that an evaluation was given.</summary>
internal static class EvaluationData
{
    /// <summary>What a data argument may be.</summary>
    public const string Help = "A folder of pictures or of class folders, or 'materials', the built-in set.";

    /// <summary>Opens pictures.</summary>
    /// <param name="path">As <see cref="Help"/> says.</param>
    /// <param name="size">The side of the pictures of the built-in set in pixels.</param>
    /// <exception cref="HitaException">There are none.</exception>
    public static IImageSource Open(string path, int size)
    {
        if (path == "materials")
            return new MaterialsSource(size);
        return Directory.Exists(path) && Directory.EnumerateDirectories(path).Any() ? FolderSource.OpenClasses(path) : FolderSource.OpenPlain(path);
    }
}
