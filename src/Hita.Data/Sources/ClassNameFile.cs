using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>The names of the classes beside images whose classes are numbers: a file with a name a line.</summary>
internal static class ClassNameFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "classes.txt";

    private const long MaxBytes = 64 << 20;

    /// <summary>The names for classes that are numbers: those of the file in this folder, or the numbers themselves.</summary>
    /// <param name="folder">Where the images are.</param>
    /// <param name="count">How many classes there are at least.</param>
    /// <exception cref="DataException">The file names fewer classes, or cannot be read.</exception>
    public static string[] NamesFor(string folder, int count)
    {
        if (Read(folder) is not { } names)
            return Numbers(count);
        return names.Length >= count
            ? names
            : throw new DataException(Path.Combine(folder, Name), $"it names {names.Length} classes where the images have {count}; add the missing lines or remove the file.");
    }

    /// <summary>The names in the file of this folder; null where there is none.</summary>
    public static string[]? Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
            return null;
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
                throw new DataException(path, "this is too long for a list of class names; a class is a line.");
            var lines = File.ReadAllLines(path);
            return [.. lines.Take(Array.FindLastIndex(lines, static l => l.Trim().Length > 0) + 1).Select(static l => l.Trim())];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"the class names cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }

    /// <summary>A class as a line of the file: a name is kept on one line, and one without a letter becomes its number.</summary>
    /// <param name="name">The name.</param>
    /// <param name="number">The class.</param>
    public static string Line(string name, int number)
    {
        var line = string.Concat(name.Select(static c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length > 0 ? line : number.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The numbers from 0 as names.</summary>
    public static string[] Numbers(int count) =>
        [.. Enumerable.Range(0, count).Select(static i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
}
