using System.Globalization;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>
/// Parquet files as the hub stores sets of images: a column <c>image</c> with <c>bytes</c> in it, and a column of whole
/// numbers <c>label</c>, whose names the file tells.
/// </summary>
/// <remarks>
/// An image cannot be reached without unpacking its whole group of rows, so that the last few groups are kept in memory, up
/// to about a gigabyte; the groups are the parts within which a shuffled order stays.
/// </remarks>
public sealed class ParquetSource : EncodedImageSource
{
    /// <summary>What the groups that an order mixes may take. While it goes from some to the next, both are kept.</summary>
    private const long BytesTogether = 512 << 20;

    private readonly string _path;
    private readonly List<(ParquetTable Table, int Group)> _groups = [];
    private readonly int[] _starts;
    private readonly int[] _classes;
    private readonly string[] _classNames;
    private readonly List<string> _notes = [];
    private readonly RecentItems<int, byte[]?[]> _recent;

    private ParquetSource(string path, ParquetTable[] tables, ImageDecodeOptions options, CancellationToken cancellation)
        : base(options)
    {
        _path = path;
        var starts = new List<int>();
        var count = 0L;
        foreach (var table in tables)
        {
            for (var g = 0; g < table.RowCounts.Length; g++)
            {
                starts.Add((int)count);
                _groups.Add((table, g));
                count += table.RowCounts[g];
                if (count > int.MaxValue)
                    throw new DataException(path, $"there are more than {int.MaxValue} rows; read the files in parts.");
            }
        }
        if (count == 0)
            throw new DataException(path, "there are no rows in it.");
        (Count, _starts) = ((int)count, [.. starts]);
        (_classes, _classNames) = ReadClasses(tables, cancellation);
        var average = Math.Max(tables.Sum(static t => t.Bytes) / _groups.Count, 1);
        PartsTogether = (int)Math.Clamp(BytesTogether / average, 2, 4096);
        _recent = new(2 * PartsTogether, group => _groups[group].Table.ReadImages(_groups[group].Group));
    }

    /// <inheritdoc/>
    public override string Description =>
        $"Parquet {_path}, {FolderSource.Counted(Count, "image")}{(_classNames.Length == 0 ? "" : $" of {FolderSource.Counted(_classNames.Length, "class")}")}";

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => _classNames;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => _notes;

    /// <inheritdoc/>
    public override IReadOnlyList<int> PartStarts => _starts;

    /// <inheritdoc/>
    public override int PartsTogether { get; }

    /// <summary>Opens files.</summary>
    /// <param name="path">A file, a folder of files (*.parquet), or a pattern such as <c>data/train-*.parquet</c>.</param>
    /// <param name="options">How images are decoded; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">There is none, or one is damaged, cut short or without a column of images.</exception>
    public static ParquetSource Open(string path, ImageDecodeOptions? options = null, CancellationToken cancellation = default)
    {
        var files = FileSet.Find(path, "*.parquet", "Parquet files");
        var parts = files.Select(static f => Path.GetFileName(f).Split('-', '.')[0])
            .Where(static p => FolderSource.SplitNames.Contains(p, StringComparer.OrdinalIgnoreCase)).Distinct(StringComparer.Ordinal).ToList();
        if (parts.Count > 1 && Directory.Exists(path))
            throw new DataException(path, $"these files are several parts of a set ({string.Join(", ", parts)}); name those to read by a pattern, such as \"{Path.Combine(path, parts.Find(static p => p == "train") ?? parts[0])}-*.parquet\".");
        return new ParquetSource(path, [.. files.Select(ParquetTable.Open)], options ?? ImageDecodeOptions.Photo, cancellation);
    }

    /// <inheritdoc/>
    public override int ClassAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return _classes.Length == 0 ? 0 : _classes[index];
    }

    /// <inheritdoc/>
    public override string NameAt(int index)
    {
        var group = GroupOf(index);
        var table = _groups[group].Table;
        return string.Create(CultureInfo.InvariantCulture, $"{table.Path}: row {index - _starts[group - _groups[group].Group]}");
    }

    private protected override EncodedImage Fetch(int index)
    {
        var group = GroupOf(index);
        var bytes = _recent.Get(group)[index - _starts[group]];
        if (bytes is null or { Length: 0 })
            throw new ImageException(NameAt(index), "The row holds no image.");
        var file = Room(index, bytes.Length);
        bytes.CopyTo(file.Room);
        return file;
    }

    private int GroupOf(int index)
    {
        var group = Array.BinarySearch(_starts, index);
        group = group < 0 ? ~group - 1 : group;
        while (group + 1 < _starts.Length && _starts[group + 1] <= index)
            group++; // empty groups begin where the next one does
        return group;
    }

    private (int[] Classes, string[] Names) ReadClasses(ParquetTable[] tables, CancellationToken cancellation)
    {
        if (!Array.TrueForAll(tables, static t => t.Label is not null))
        {
            _notes.Add($"{_path}: there is no column of classes (label).");
            return ([], []);
        }
        var classes = new int[Count];
        var highest = -1;
        for (var g = 0; g < _groups.Count; g++)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var (row, label) in _groups[g].Table.ReadLabels(_groups[g].Group).Index())
            {
                if (label == -1)
                {
                    _notes.Add($"{_path}: some images have no class, so that all are read without classes.");
                    return ([], []);
                }
                classes[_starts[g] + row] = ClassLabels.Checked(_path, label);
                highest = Math.Max(highest, classes[_starts[g] + row]);
            }
        }
        return (classes, tables[0].ClassNames is { } names && names.Length > highest
            ? names
            : ClassNameFile.NamesFor(Path.GetDirectoryName(tables[0].Path)!, highest + 1));
    }
}
