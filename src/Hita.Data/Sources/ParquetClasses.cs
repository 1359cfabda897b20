using System.Globalization;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>The classes of the rows of Parquet files. Rows without one are left out where others have one.</summary>
internal sealed class ParquetClasses
{
    private const int Named = 3;

    /// <summary>Stands for "none" in sets of the hub.</summary>
    private const long None = -1;

    private readonly string _path;
    private readonly List<long?> _numbers = [];
    private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);

    private ParquetClasses(string path) => _path = path;

    /// <summary>The class of each row that is kept; empty where there are none.</summary>
    public int[] Classes { get; private set; } = [];

    /// <summary>The rows that are kept; null where all are.</summary>
    public int[]? Rows { get; private set; }

    /// <summary>The names of the classes.</summary>
    public string[] Names { get; private set; } = [];

    /// <summary>What there is to say about them.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Reads the classes.</summary>
    /// <param name="path">The set, for messages.</param>
    /// <param name="groups">The groups of rows in order.</param>
    /// <param name="nameOf">What a row is called.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">A class is out of range, the files disagree, or one is damaged.</exception>
    public static ParquetClasses Read(string path, IReadOnlyList<(ParquetTable Table, int Group)> groups, Func<int, string> nameOf, CancellationToken cancellation)
    {
        var found = new ParquetClasses(path);
        var tables = groups.Select(static g => g.Table).Distinct().ToList();
        if (tables.Find(static t => t.Label is null) is { } without)
        {
            found.Notes.Add($"{path}: the images are read without classes: {(tables.Count > 1 ? $"in {Path.GetFileName(without.Path)} " : "")}{without.WhyNoLabel}.");
            return found;
        }
        var isText = tables.Exists(static t => t.LabelIsText);
        foreach (var (table, group) in groups)
        {
            cancellation.ThrowIfCancellationRequested();
            var values = table.ReadLabels(group, cancellation);
            if (values.Broken is { } broken)
            {
                found.Notes.Add($"{path}: the images are read without classes: the column {MessageText.Short(table.Label!)} holds {broken}, and classes are whole numbers or texts.");
                return found;
            }
            found.Add(values, isText);
        }
        found.Finish(tables, isText, nameOf);
        return found;
    }

    private void Add(ParquetLabelValues values, bool isText)
    {
        if (!isText)
        {
            _numbers.AddRange(values.Numbers!.Select(static n => n == None ? null : n));
            return;
        }
        foreach (var text in values.Texts ?? [.. values.Numbers!.Select(static n => n?.ToString(CultureInfo.InvariantCulture))])
            _numbers.Add(text is null ? null : _texts.TryGetValue(text, out var known) ? known : _texts[text] = _texts.Count);
    }

    private void Finish(List<ParquetTable> tables, bool isText, Func<int, string> nameOf)
    {
        int[] rows = [.. Enumerable.Range(0, _numbers.Count).Where(row => _numbers[row] is not null)];
        if (rows.Length == 0)
        {
            Notes.Add($"{_path}: the images are read without classes: the column {MessageText.Short(tables[0].Label!)} is empty in every row.");
            return;
        }
        var classes = Array.ConvertAll(rows, row => isText ? (int)_numbers[row]!.Value : ClassLabels.Checked(_path, _numbers[row]!.Value));
        if (isText)
        {
            Names = [.. _texts.Keys.Order(StringComparer.Ordinal)];
            var places = Names.Index().ToDictionary(n => _texts[n.Item], static n => n.Index);
            classes = Array.ConvertAll(classes, c => places[c]);
        }
        else
        {
            Names = NumberNames(tables, classes.Max() + 1);
        }
        Classes = classes;
        if (rows.Length == _numbers.Count)
            return;
        Rows = rows;
        var missing = Enumerable.Range(0, _numbers.Count).Where(row => _numbers[row] is null).ToList();
        Notes.Add($"{_path}: {FolderSource.Counted(missing.Count, "image")} of {_numbers.Count} {(missing.Count == 1 ? "has" : "have")} no class (the column {MessageText.Short(tables[0].Label!)} is empty there) and {(missing.Count == 1 ? "is" : "are")} left out: {string.Join(", ", missing.Take(Named).Select(nameOf))}{(missing.Count > Named ? ", …" : "")}.");
    }

    private string[] NumberNames(List<ParquetTable> tables, int count)
    {
        var names = tables[0].ClassNames;
        if (tables.Find(t => !(t.ClassNames ?? []).SequenceEqual(names ?? [])) is { } other)
            throw new DataException(_path, $"{Path.GetFileName(tables[0].Path)} and {Path.GetFileName(other.Path)} name their classes differently; read them as two sets.");
        if (names is not null && names.Length >= count)
            return names;
        return ClassNameFile.Read(Path.GetDirectoryName(tables[0].Path)!) is null && count <= 2 && tables.TrueForAll(static t => t.LabelIsTruth)
            ? ["false", "true"]
            : ClassNameFile.NamesFor(Path.GetDirectoryName(tables[0].Path)!, count);
    }
}
