using System.Globalization;
using Hita.Runtime;

namespace Hita.Generation;

/// <summary>The names of a generator's classes, by number; a class may have several.</summary>
/// <remarks>
/// Capitals, hyphens, underscores and repeated spaces do not matter: <c>Golden_Retriever</c> is <c>golden retriever</c>. A name
/// that several classes share is refused rather than guessed.
/// </remarks>
public sealed class ClassNames
{
    /// <summary>The file in a generator's folder that names its classes: a line a class, synonyms separated by commas.</summary>
    public const string FileName = "classes.txt";

    private const int MaxSuggestions = 4;
    private const long LargestFile = 16 << 20;
    private readonly string[][] _names;
    private readonly bool _fromFolder;
    private readonly Dictionary<string, List<int>> _numbers = new(StringComparer.Ordinal);

    private ClassNames(int count, string[][] names, bool fromFolder)
    {
        (Count, _names, _fromFolder) = (count, names, fromFolder);
        for (var i = 0; i < names.Length; i++)
        {
            // The whole line counts as a name too, because people copy it from lists.
            foreach (var key in names[i].Append(string.Join(", ", names[i])).Select(Normalize).Distinct())
            {
                if (!_numbers.TryGetValue(key, out var numbers))
                    _numbers[key] = numbers = [];
                numbers.Add(i);
            }
        }
    }

    /// <summary>Number of classes.</summary>
    public int Count { get; }

    /// <summary>Whether the classes have names, or numbers only.</summary>
    public bool HasNames => _names.Length > 0;

    /// <summary>Names from lines of text.</summary>
    /// <param name="lines">A line a class, at least one; synonyms are separated by commas, the usual name first.</param>
    /// <exception cref="ArgumentException">There are no lines, or one names nothing.</exception>
    public static ClassNames FromLines(IReadOnlyList<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        return FirstFault(lines) is { } fault
            ? throw new ArgumentException(fault, nameof(lines))
            : new ClassNames(lines.Count, Split(lines), fromFolder: true);
    }

    /// <summary>The names a model folder brings, else those that <see cref="Default"/> knows.</summary>
    /// <param name="folder">The generator's folder.</param>
    /// <param name="count">Classes of the generator.</param>
    /// <exception cref="CheckpointException">The folder's file does not have a name for each class.</exception>
    public static ClassNames Load(string folder, int count)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return Default(count);
        if (new FileInfo(path).Length > LargestFile)
            throw new CheckpointException(path, "the file is over 16 MiB, which is too large for a list of class names.");
        var lines = File.ReadAllLines(path);
        var used = lines.Length;
        while (used > 0 && string.IsNullOrWhiteSpace(lines[used - 1]))
            used--;
        if (used != count)
            throw new CheckpointException(path, $"the file names {used} classes, the generator has {count}; it needs a line for each.");
        return FirstFault(lines[..used]) is { } fault
            ? throw new CheckpointException(path, fault)
            : new ClassNames(count, Split(lines[..used]), fromFolder: true);
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

    /// <summary>All names of a class, the usual one first; empty where the classes have numbers only.</summary>
    /// <param name="number">0 to <see cref="Count"/>, exclusive.</param>
    public IReadOnlyList<string> Synonyms(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, Count);
        return HasNames ? _names[number] : [];
    }

    /// <summary>Finds a class.</summary>
    /// <param name="text">A number from 0, or a name or synonym: <c>207</c>, <c>golden retriever</c>.</param>
    /// <returns>The class's number.</returns>
    /// <exception cref="HitaException">There is no such class, or several of this name; near ones are suggested.</exception>
    public int Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var wanted = text.Trim();
        if (IsNumber(wanted))
        {
            return int.TryParse(wanted, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) &&
                number >= 0 && number < Count
                ? number
                : throw new HitaException($"There is no class {wanted}: this generator's classes run from 0 to {Count - 1}.");
        }
        if (!HasNames)
            throw new HitaException($"This generator's classes have no names: give a number from 0 to {Count - 1} instead of '{wanted}'.");
        if (_numbers.TryGetValue(Normalize(wanted), out var exact))
        {
            return exact is [var only]
                ? only
                : throw new HitaException($"Several classes are called '{wanted}': {Describe(exact)}; give the number.");
        }
        var near = Near(Normalize(wanted));
        throw new HitaException(near.Count == 0
            ? $"There is no class called '{wanted}'; give a name or a number from 0 to {Count - 1}."
            : $"There is no class called '{wanted}'; near it are {Describe(near)}.");
    }

    /// <summary>Finds the classes of a list.</summary>
    /// <param name="text">Numbers and names separated by commas, for example <c>207,giant panda</c>.</param>
    /// <returns>The classes' numbers in the order of the list.</returns>
    /// <exception cref="HitaException">The list is empty, or an entry is not one class.</exception>
    public IReadOnlyList<int> FindAll(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // A whole line of the table is one class, although it holds commas.
        if (_numbers.TryGetValue(Normalize(text), out var whole) && whole is [var only])
            return [only];
        var entries = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return entries.Length == 0
            ? throw new HitaException($"'{text}' names no class; give numbers or names separated by commas.")
            : [.. entries.Select(Find)];
    }

    /// <summary>Writes <see cref="FileName"/> where the names are the model's own.</summary>
    /// <param name="folder">The generator's folder.</param>
    public void Save(string folder)
    {
        if (_fromFolder)
            AtomicFile.WriteText(Path.Combine(folder, FileName), string.Concat(_names.Select(static n => string.Join(", ", n) + "\n")));
    }

    private static string? FirstFault(IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
            return "there are no class names.";
        var empty = Enumerable.Range(0, lines.Count).FirstOrDefault(i => lines[i].AsSpan().Trim(" ,\t").IsEmpty, -1);
        return empty < 0 ? null : $"line {empty + 1} names no class; every class needs a name.";
    }

    private static string[][] Split(IReadOnlyList<string> lines) =>
        [.. lines.Select(static l => l.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private static bool IsNumber(string text) => text.AsSpan().TrimStart("+-") is { IsEmpty: false } digits && !digits.ContainsAnyExceptInRange('0', '9');

    private static string Normalize(string name) =>
        string.Join(' ', name.ToLowerInvariant().Split([' ', '\t', '-', '_'], StringSplitOptions.RemoveEmptyEntries));

    private string Describe(List<int> numbers)
    {
        var shown = numbers.Take(MaxSuggestions).Select(i => $"{i} ({string.Join(", ", _names[i])})");
        return string.Join("; ", shown) + (numbers.Count > MaxSuggestions ? $" and {numbers.Count - MaxSuggestions} more" : "");
    }

    // A slip of the finger first, then names that contain the words, as in "retriever".
    private List<int> Near(string wanted)
    {
        var keys = new List<string>();
        if (NearestName.Find(wanted, _numbers.Keys) is { } close)
            keys.Add(close);
        if (wanted.Length >= 3)
            keys.AddRange(_numbers.Keys.Where(k => k.Contains(wanted, StringComparison.Ordinal)));
        return [.. keys.SelectMany(k => _numbers[k]).Distinct()];
    }
}
