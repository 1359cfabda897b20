using System.Text.Json;
using Hita.Runtime;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace Hita.Data.Sources;

/// <summary>A Parquet file of images: which columns hold them, and its groups of rows.</summary>
internal sealed class ParquetTable
{
    private static readonly string[] ImageNames = ["image", "img", "image", "jpg", "png", "webp"];

    private ParquetTable(string path, string image, int[] rowCounts, long bytes) => (Path, Image, RowCounts, Bytes) = (path, image, rowCounts, bytes);

    public string Path { get; }

    /// <summary>The column with the bytes of the image files, such as <c>image/bytes</c>.</summary>
    public string Image { get; }

    /// <summary>The column with the classes; null where there is none.</summary>
    public string? Label { get; private init; }

    /// <summary>Why there is no column with the classes, as a part of a sentence; null where there is one.</summary>
    public string? WhyNoLabel { get; private init; }

    /// <summary>Whether the classes are texts.</summary>
    public bool LabelIsText { get; private init; }

    /// <summary>Whether the classes are truth values.</summary>
    public bool LabelIsTruth { get; private init; }

    /// <summary>The rows of each group.</summary>
    public int[] RowCounts { get; }

    /// <summary>All groups together, unpacked.</summary>
    public long Bytes { get; }

    /// <summary>The names of the classes, if the file tells them as the hub's files do.</summary>
    public string[]? ClassNames { get; private init; }

    /// <summary>Opens a file and looks at its columns.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">It is no Parquet file, damaged, cut short, or without a column of images.</exception>
    public static ParquetTable Open(string path, CancellationToken cancellation = default) => ParquetAccess.With(path, 0, (reader, file) =>
    {
        var fields = reader.Schema.DataFields;
        var image = ImageColumn(fields)
            ?? throw new DataException(path, $"there is no column of images in it (image with bytes in it, as the hub stores them); its columns are {MessageText.Few([.. fields.Select(static f => f.Path.ToString())], 12)}.");
        var counts = new int[reader.RowGroupCount];
        for (var i = 0; i < counts.Length; i++)
        {
            var column = reader.RowGroups[i].GetMetadata(image)?.MetaData ?? throw new InvalidDataException("a group has no images");
            counts[i] = ParquetPages.CanHold(reader.RowGroups[i].RowCount, column, file.FileLength)
                ? (int)reader.RowGroups[i].RowCount
                : throw new InvalidDataException($"{reader.RowGroups[i].RowCount} rows");
        }
        // A file whose first pages are wrong is damaged as a whole; later ones are checked when they are read.
        if (counts.Length > 0)
            ParquetPages.Check(path, file, reader.RowGroups[0].GetMetadata(image)!.MetaData!, counts[0]);
        var most = ParquetPages.MaxUnpacked(file.FileLength);
        var bytes = reader.RowGroups.Sum(g => Math.Clamp(g.RowGroup.TotalByteSize, 0, most));
        var (label, why) = ParquetLabels.Find(fields, image.Path.ToString());
        return Task.FromResult(new ParquetTable(path, image.Path.ToString(), counts, bytes)
        {
            Label = label?.Path.ToString(),
            WhyNoLabel = why,
            LabelIsText = label is not null && ParquetLabels.IsText(label),
            LabelIsTruth = label is not null && ParquetLabels.IsTruth(label),
            ClassNames = HubClassNames(reader, label?.Name),
        });
    }, cancellation);

    /// <summary>The image files of a group of rows; null where a row has none.</summary>
    public ReadOnlyMemory<byte>?[] ReadImages(int group) => ReadColumn(group, Image, async (rows, field) =>
    {
        using var column = await rows.ReadRawColumnDataBaseAsync(field).ConfigureAwait(false);
        return Aligned((RawColumnData<ReadOnlyMemory<byte>>)column, field.MaxDefinitionLevel, RowCounts[group]);
    }, default);

    /// <summary>The classes of a group of rows.</summary>
    public ParquetLabelValues ReadLabels(int group, CancellationToken cancellation = default) =>
        ReadColumn(group, Label!, (rows, field) => ParquetLabels.ReadAsync(rows, field, RowCounts[group]), cancellation);

    private TResult ReadColumn<TResult>(int group, string column, Func<ParquetRowGroupReader, DataField, Task<TResult>> read, CancellationToken cancellation) =>
        ParquetAccess.With(Path, Bytes / Math.Max(RowCounts.Length, 1), async (reader, file) =>
        {
            var rows = reader.OpenRowGroupReader(group);
            var field = Field(reader, column);
            var description = rows.GetMetadata(field) is { FilePath: null, MetaData: { } found } ? found : throw new InvalidDataException("a column is missing");
            file.Limit = ParquetPages.Check(Path, file, description, RowCounts[group]);
            return await read(rows, field).ConfigureAwait(false);
        }, cancellation);

    // Values are stored without gaps; which rows have one is said by their levels. (The reader's own way of putting the two
    // together misplaces what follows an empty row of a column within another.)
    private static ReadOnlyMemory<byte>?[] Aligned(RawColumnData<ReadOnlyMemory<byte>> column, int fullLevel, int count)
    {
        var files = new ReadOnlyMemory<byte>?[count];
        var next = 0;
        for (var row = 0; row < count; row++)
        {
            // Not copied: rows that share an image through a dictionary share its bytes.
            if (fullLevel == 0 || column.DefinitionLevels[row] == fullLevel)
                files[row] = column.Values[next++];
        }
        return files;
    }

    private static DataField Field(ParquetReader reader, string path) => reader.Schema.DataFields.First(f => f.Path.ToString() == path);

    private static DataField? ImageColumn(DataField[] fields)
    {
        var binary = fields.Where(static f => f.ClrType == typeof(ReadOnlyMemory<byte>) && f.MaxRepetitionLevel == 0).ToList();
        foreach (var name in ImageNames)
        {
            if (binary.Find(f => f.Path.ToString() == $"{name}/bytes" || f.Path.ToString() == name) is { } named)
                return named;
        }
        // Another name will do if there is no doubt which column is meant.
        return binary.FindAll(static f => f.Path.ToString().EndsWith("/bytes", StringComparison.Ordinal)) is [var only] ? only : null;
    }

    // The hub's files describe their columns in JSON: {"info": {"features": {"label": {"names": [...]}}}}.
    private static string[]? HubClassNames(ParquetReader reader, string? label)
    {
        if (label is null || reader.Metadata?.KeyValueMetadata?.Find(static p => p.Key == "huggingface")?.Value is not { } text)
            return null;
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.GetProperty("info").GetProperty("features").GetProperty(label).GetProperty("names") is { ValueKind: JsonValueKind.Array } names
                ? [.. names.EnumerateArray().Select(static n => n.GetString() ?? "")]
                : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null; // Other columns are described without names.
        }
    }
}
