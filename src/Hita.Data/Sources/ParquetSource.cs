using System.Globalization;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>
/// Parquet files as the hub stores sets of images: a column <c>image</c> with <c>bytes</c> in it, and a column <c>label</c> of
/// whole numbers, whose names the file may tell, or of texts, which sorted are the classes.
/// </summary>
/// <remarks>
/// An image cannot be reached without unpacking its whole group of rows, so that the last few groups are kept in memory, up
/// to about a gigabyte; the groups are the parts within which a shuffled order stays. Rows without a class are left out, and
/// a note counts them, where other rows have one.
/// </remarks>
public sealed class ParquetSource : ImageFileSource
{
    /// <summary>What the groups that an order mixes may take. While it goes from some to the next, both are kept.</summary>
    private const long BytesTogether = 512 << 20;

    private readonly string _path;
    private readonly List<(ParquetTable Table, int Group)> _groups = [];
    private readonly int[] _starts;
    private readonly int[] _groupRows;
    private readonly int[]? _rows;
    private readonly int[] _classes;
    private readonly string[] _classNames;
    private readonly List<string> _notes;
    private readonly RecentItems<int, ReadOnlyMemory<byte>?[]> _recent;

    private ParquetSource(string path, ParquetTable[] tables, ImageDecodeOptions options, CancellationToken cancellation)
        : base(options)
    {
        _path = path;
        var groupRows = new List<int>();
        var count = 0L;
        foreach (var table in tables)
        {
            for (var g = 0; g < table.RowCounts.Length; g++)
            {
                groupRows.Add((int)count);
                _groups.Add((table, g));
                count += table.RowCounts[g];
                if (count > int.MaxValue)
                    throw new DataException(path, $"there are more than {int.MaxValue} rows; read the files in parts.");
            }
        }
        if (count == 0)
            throw new DataException(path, "there are no rows in it.");
        _groupRows = [.. groupRows];
        var found = ParquetClasses.Read(path, _groups, NameOfRow, cancellation);
        (_classes, _classNames, _rows, _notes) = (found.Classes, found.Names, found.Rows, found.Notes);
        Count = _rows?.Length ?? (int)count;
        _starts = _rows is null ? _groupRows : Array.ConvertAll(_groupRows, row => Array.BinarySearch(_rows, row) is var at && at < 0 ? ~at : at);
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
    /// <param name="path">
    /// A file, a folder of files (*.parquet, or in its folder <c>data</c> as the hub has them), a pattern such as
    /// <c>data/train-*.parquet</c>, or several: <c>train-{00000..00009}.parquet</c>, or names with commas between them.
    /// </param>
    /// <param name="options">How images are decoded; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">There is none, or one is damaged, cut short or without a column of images.</exception>
    public static ParquetSource Open(string path, ImageDecodeOptions? options = null, CancellationToken cancellation = default)
    {
        var files = FileSet.Find(path, "*.parquet", "Parquet files");
        var parts = files.Select(static f => Path.GetFileName(f).Split('-', '.')[0])
            .Where(static p => FolderSource.SplitNames.Contains(p, StringComparer.OrdinalIgnoreCase)).Distinct(StringComparer.Ordinal).ToList();
        if (parts.Count > 1 && Directory.Exists(path))
            throw new DataException(path, $"these files are several parts of a set ({string.Join(", ", parts)}); name those to read by a pattern, such as \"{Path.Combine(FileSet.FolderOf(path, "*.parquet") ?? path, parts.Find(static p => p == "train") ?? parts[0])}-*.parquet\".");
        return new ParquetSource(path, [.. files.Select(file => ParquetTable.Open(file, cancellation))], options ?? ImageDecodeOptions.Photo, cancellation);
    }

    /// <inheritdoc/>
    public override int ClassAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return _classes.Length == 0 ? 0 : _classes[index];
    }

    /// <inheritdoc/>
    public override string NameAt(int index) => NameOfRow(Row(index));

    private protected override EncodedImage Fetch(int index)
    {
        var row = Row(index);
        var group = GroupOf(row);
        if (_recent.Get(group)[row - _groupRows[group]] is not { IsEmpty: false } bytes)
            throw new ImageException(NameAt(index), "The row holds no image.");
        var file = Room(index, bytes.Length);
        bytes.Span.CopyTo(file.Room);
        return file;
    }

    private int Row(int index) => _rows is null ? index : _rows[index];

    private string NameOfRow(int row)
    {
        var group = GroupOf(row);
        var table = _groups[group].Table;
        return string.Create(CultureInfo.InvariantCulture, $"{table.Path}: row {row - _groupRows[group - _groups[group].Group]}");
    }

    private int GroupOf(int row)
    {
        var group = Array.BinarySearch(_groupRows, row);
        group = group < 0 ? ~group - 1 : group;
        while (group + 1 < _groupRows.Length && _groupRows[group + 1] <= row)
            group++; // empty groups begin where the next one does
        return group;
    }
}
