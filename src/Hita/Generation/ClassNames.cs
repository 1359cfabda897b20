using System.Globalization;
using Hita.Runtime;

namespace Hita.Generation;

/// <summary>The names of a generator's classes: looked up by number, by name or by synonym.</summary>
/// <remarks>
/// Capitals, hyphens, underscores and repeated spaces do not matter: <c>Golden_Retriever</c> is <c>golden retriever</c>. A name
/// that several classes share is refused rather than guessed.
/// </remarks>
public sealed class ClassNames
{
    /// <summary>The file name under which a model folder brings its own names: a line a class, synonyms separated by ", ".</summary>
    public const string FileName = "classes.txt";

    private const long LargestFile = 16 << 20;
    private readonly string[][] _synonyms;
    private readonly Dictionary<string, List<int>> _byName = new(StringComparer.Ordinal);

    /// <summary>Takes the names.</summary>
    /// <param name="lines">One entry a class, in the order of their numbers; synonyms are separated by ", ", the usual name first.</param>
    /// <exception cref="ArgumentException">There are no classes, or one has no name.</exception>
    public ClassNames(IEnumerable<string> lines)
    {
        _synonyms = [.. lines.Select(l => l.Split(", ", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        if (_synonyms.Length == 0)
            throw new ArgumentException("A table of class names needs at least one class.", nameof(lines));
        for (var i = 0; i < _synonyms.Length; i++)
        {
            if (_synonyms[i].Length == 0)
                throw new ArgumentException($"Class {i} has no name.", nameof(lines));
            // The whole line counts as a name too, because lists are copied from.
            foreach (var key in _synonyms[i].Append(string.Join(", ", _synonyms[i])).Select(Normalize).Distinct())
            {
                if (!_byName.TryGetValue(key, out var classes))
                    _byName[key] = classes = [];
                classes.Add(i);
            }
        }
    }

    /// <summary>Number of classes; the largest class number is one less.</summary>
    public int Count => _synonyms.Length;

    /// <summary>The usual name of a class.</summary>
    /// <param name="index">Its number, from 0.</param>
    public string this[int index] => _synonyms[index][0];

    /// <summary>All names of a class, the usual one first.</summary>
    /// <param name="index">Its number, from 0.</param>
    public IReadOnlyList<string> Synonyms(int index) => _synonyms[index];

    /// <summary>The names of a generator's classes.</summary>
    /// <param name="folder">The generator's folder, whose own names come first; null where there is none.</param>
    /// <param name="count">Classes of the generator.</param>
    /// <returns>The folder's names, else ImageNet-1k's for 1000 classes, else null: numbers alone.</returns>
    /// <exception cref="CheckpointException">The folder's list is broken, or has another length.</exception>
    public static ClassNames? For(string? folder, int count)
    {
        var path = folder is null ? null : Path.Combine(folder, FileName);
        if (path is null || !File.Exists(path))
            return count == ImageNetClasses.Names.Count ? ImageNetClasses.Names : null;
        var names = Read(path);
        return names.Count == count
            ? names
            : throw new CheckpointException(path, $"the file names {names.Count} classes, the generator has {count}; it needs a line for each.");
    }

    /// <summary>Writes the table to a file, in the form that <see cref="Read"/> reads.</summary>
    /// <param name="path">The file.</param>
    public void Write(string path) => File.WriteAllLines(path, _synonyms.Select(static s => string.Join(", ", s)));

    /// <summary>Reads a table from a file (<see cref="FileName"/>): UTF-8, one class a line.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is empty, too large, or has an empty line between classes.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ClassNames Read(string path)
    {
        if (new FileInfo(path).Length > LargestFile)
            throw new CheckpointException(path, "this is too large for a list of class names (over 16 MiB).");
        var lines = File.ReadAllLines(path);
        var used = lines.Length;
        while (used > 0 && string.IsNullOrWhiteSpace(lines[used - 1]))
            used--;
        try
        {
            return new ClassNames(lines[..used]);
        }
        catch (ArgumentException e)
        {
            throw new CheckpointException(path, $"this is not a list of class names, one a line: {e.Message.Split(" (Parameter")[0]}", e);
        }
    }

    /// <summary>The class that a number, a name or a synonym stands for.</summary>
    /// <param name="text">For example <c>207</c>, <c>golden retriever</c> or <c>Ailuropoda melanoleuca</c>.</param>
    /// <returns>The class's number.</returns>
    /// <exception cref="HitaException">There is no such class (near ones are named), or several classes have the name.</exception>
    public int Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        if (long.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number >= 0 && number < Count
                ? (int)number
                : throw new HitaException($"There is no class {trimmed}; the classes are 0 to {Count - 1}.");
        }
        if (!_byName.TryGetValue(Normalize(trimmed), out var classes))
            throw new HitaException($"There is no class called '{trimmed}'{Suggestion(trimmed)}");
        return classes is [var only]
            ? only
            : throw new HitaException($"'{trimmed}' is the name of {classes.Count} classes, {Describe(classes)}; give the number.");
    }

    /// <summary>The classes of a list.</summary>
    /// <param name="text">Numbers and names separated by commas, for example <c>207,giant panda</c>.</param>
    /// <returns>The classes' numbers in the order of the list.</returns>
    /// <exception cref="HitaException">The list is empty, or an entry is not one class.</exception>
    public IReadOnlyList<int> FindAll(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // A whole line of the table is one class, although it holds commas.
        if (_byName.TryGetValue(Normalize(text), out var classes) && classes is [var only])
            return [only];
        var entries = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return entries.Length == 0
            ? throw new HitaException($"'{text}' names no class; give numbers or names separated by commas.")
            : [.. entries.Select(Find)];
    }

    private string Suggestion(string text)
    {
        var wanted = Normalize(text);
        // Near spellings first, then names that contain the words, as in "retriever".
        var near = new List<string>();
        if (NearestName.Find(wanted, _byName.Keys) is { } close)
            near.Add(close);
        if (wanted.Length >= 3)
            near.AddRange(_byName.Keys.Where(k => k.Contains(wanted, StringComparison.Ordinal) && !k.Contains(',', StringComparison.Ordinal)));
        var classes = near.SelectMany(k => _byName[k]).Distinct().Take(3).ToList();
        return classes.Count == 0
            ? $"; give a number from 0 to {Count - 1}, or a name of the list."
            : $"; did you mean {Describe(classes)}?";
    }

    private string Describe(IEnumerable<int> classes) => string.Join(" or ", classes.Select(c => $"{c} ({string.Join(", ", _synonyms[c])})"));

    private static string Normalize(string name) =>
        string.Join(' ', name.ToLowerInvariant().Split([' ', '\t', '-', '_'], StringSplitOptions.RemoveEmptyEntries));
}
