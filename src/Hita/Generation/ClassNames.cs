using System.Globalization;
using Hita.Runtime;

namespace Hita.Generation;

/// <summary>The names of a generator's classes, by number; a class may have several.</summary>
public sealed class ClassNames
{
    /// <summary>The file in a generator's folder that names its classes: a line a class, synonyms separated by commas.</summary>
    public const string FileName = "classes.txt";

    private const int MaxSuggestions = 4;
    private readonly string[][] _names;
    private readonly bool _fromFolder;

    private ClassNames(int count, string[][] names, bool fromFolder) => (Count, _names, _fromFolder) = (count, names, fromFolder);

    /// <summary>Number of classes.</summary>
    public int Count { get; }

    /// <summary>Whether the classes have names, or numbers only.</summary>
    public bool HasNames => _names.Length > 0;

    /// <summary>Names from lines of text.</summary>
    /// <param name="lines">A line a class; synonyms are separated by commas.</param>
    public static ClassNames FromLines(IReadOnlyList<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        return new ClassNames(lines.Count, Split(lines), fromFolder: true);
    }

    /// <summary>The names a model folder brings, else those that <see cref="Default"/> knows.</summary>
    /// <param name="folder">The generator's folder.</param>
    /// <param name="count">Classes of the generator.</param>
    /// <exception cref="CheckpointException">The folder's file has another number of lines than the generator has classes.</exception>
    public static ClassNames Load(string folder, int count)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return Default(count);
        var lines = File.ReadAllLines(path);
        if (lines.Length != count)
            throw new CheckpointException(path, $"the file names {lines.Length} classes, the generator has {count}; it needs a line for each.");
        return new ClassNames(count, Split(lines), fromFolder: true);
    }

    /// <summary>ImageNet-1k's names for 1000 classes, numbers alone otherwise.</summary>
    /// <param name="count">Classes of the generator.</param>
    public static ClassNames Default(int count) =>
        new(count, count == ImageNetClasses.Lines.Count ? Split(ImageNetClasses.Lines) : [], fromFolder: false);

    /// <summary>The first name of a class, or its number as text where it has none.</summary>
    /// <param name="number">0 to <see cref="Count"/>; the last stands for "no class".</param>
    public string this[int number]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(number);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(number, Count);
            if (number == Count)
                return "no class";
            return HasNames ? _names[number][0] : number.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Finds a class.</summary>
    /// <param name="text">A number from 0, or a name or synonym in any case.</param>
    /// <returns>The class's number.</returns>
    /// <exception cref="HitaException">There is no such class, or several of this name; near ones are suggested.</exception>
    public int Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var wanted = text.Trim();
        if (int.TryParse(wanted, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number >= 0 && number < Count
                ? number
                : throw new HitaException($"There is no class {number}: this generator's classes run from 0 to {Count - 1}.");
        }
        if (!HasNames)
            throw new HitaException($"This generator's classes have no names: give a number from 0 to {Count - 1} instead of '{wanted}'.");
        var exact = Numbers(name => Same(name, wanted));
        if (exact.Count == 1)
            return exact[0];
        if (exact.Count > 1)
            throw new HitaException($"Several classes are called '{wanted}': {Describe(exact)}; give the number.");
        var near = Numbers(name => name.Contains(wanted, StringComparison.OrdinalIgnoreCase));
        if (near.Count == 0)
            near = Nearest(wanted);
        throw new HitaException(near.Count == 0
            ? $"There is no class called '{wanted}'; give a name or a number from 0 to {Count - 1}."
            : $"There is no class called '{wanted}'; near it are {Describe(near)}.");
    }

    /// <summary>Writes <see cref="FileName"/> where the names are the model's own.</summary>
    /// <param name="folder">The generator's folder.</param>
    public void Save(string folder)
    {
        if (_fromFolder)
            File.WriteAllLines(Path.Combine(folder, FileName), _names.Select(static n => string.Join(", ", n)));
    }

    private static string[][] Split(IReadOnlyList<string> lines) =>
        [.. lines.Select(static l => l.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } n ? n : [l])];

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private List<int> Numbers(Func<string, bool> fits) =>
        [.. Enumerable.Range(0, _names.Length).Where(i => Array.Exists(_names[i], n => fits(n)))];

    private string Describe(List<int> numbers)
    {
        var shown = numbers.Take(MaxSuggestions).Select(i => $"{i} ({string.Join(", ", _names[i])})");
        return string.Join("; ", shown) + (numbers.Count > MaxSuggestions ? $" and {numbers.Count - MaxSuggestions} more" : "");
    }

    // Names within a third of the word's length in edits: a slip of the finger, not another word.
    private List<int> Nearest(string wanted)
    {
        var limit = Math.Max(1, wanted.Length / 3);
        return
        [
            .. Enumerable.Range(0, _names.Length)
                .Select(i => (Number: i, Distance: _names[i].Min(n => Distance(n, wanted))))
                .Where(c => c.Distance <= limit)
                .OrderBy(static c => c.Distance)
                .Take(MaxSuggestions)
                .Select(static c => c.Number),
        ];
    }

    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > b.Length)
            return int.MaxValue;
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitute = diagonal + (char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
