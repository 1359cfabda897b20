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
    private static readonly string[] LabelNames = ["label", "labels", "class", "cls", "fine_label", "target"];

    private ParquetTable(string path, string image, string? label, int[] rowCounts, long bytes, string[]? classNames) =>
        (Path, Image, Label, RowCounts, Bytes, ClassNames) = (path, image, label, rowCounts, bytes, classNames);

    public string Path { get; }

    /// <summary>The column with the bytes of the image files, such as <c>image/bytes</c>.</summary>
    public string Image { get; }

    /// <summary>The column with the classes; null where there is none.</summary>
    public string? Label { get; }

    /// <summary>The rows of each group.</summary>
    public int[] RowCounts { get; }

    /// <summary>All groups together, unpacked.</summary>
    public long Bytes { get; }

    /// <summary>The names of the classes, if the file tells them as the hub's files do.</summary>
    public string[]? ClassNames { get; }

    /// <summary>Opens a file and looks at its columns.</summary>
    /// <exception cref="DataException">It is no Parquet file, damaged, cut short, or without a column of images.</exception>
    public static ParquetTable Open(string path) => With(path, reader =>
    {
        var fields = reader.Schema.DataFields;
        var image = ImageColumn(fields)
            ?? throw new DataException(path, $"there is no column of images in it (image with bytes in it, as the hub stores them); its columns are {string.Join(", ", fields.Select(static f => f.Path.ToString()))}.");
        var label = LabelNames.Select(name => fields.FirstOrDefault(f => f.Path.ToString() == name && f.MaxRepetitionLevel == 0 && IsWhole(f))).FirstOrDefault(static f => f is not null);
        var counts = new int[reader.RowGroupCount];
        var most = new FileInfo(path).Length;
        for (var i = 0; i < counts.Length; i++)
        {
            // An image takes more than a byte, so that other numbers come from damage; no table shall be made for them.
            counts[i] = reader.RowGroups[i].RowCount is >= 0 and var rows && rows <= most
                ? checked((int)rows)
                : throw new InvalidDataException($"{reader.RowGroups[i].RowCount} rows");
        }
        var bytes = reader.RowGroups.Sum(static g => Math.Clamp(g.RowGroup.TotalByteSize, 0, 1L << 40));
        return Task.FromResult(new ParquetTable(path, image.Path.ToString(), label?.Path.ToString(), counts, bytes, HubClassNames(reader, label?.Name)));
    });

    /// <summary>The image files of a group of rows; null where a row has none.</summary>
    public byte[]?[] ReadImages(int group) => With(Path, async reader =>
    {
        using var rows = reader.OpenRowGroupReader(group);
        var field = Field(reader, Image);
        using var column = await rows.ReadRawColumnDataBaseAsync(field).ConfigureAwait(false);
        return Aligned((RawColumnData<ReadOnlyMemory<byte>>)column, field.MaxDefinitionLevel, RowCounts[group]);
    });

    /// <summary>The classes of a group of rows; −1 where a row has none.</summary>
    public long[] ReadLabels(int group) => With(Path, async reader =>
    {
        using var rows = reader.OpenRowGroupReader(group);
        var field = Field(reader, Label!);
        return field.ClrType switch
        {
            var t when t == typeof(long) => await Read<long>(rows, field, RowCounts[group], static v => v).ConfigureAwait(false),
            var t when t == typeof(int) => await Read<int>(rows, field, RowCounts[group], static v => v).ConfigureAwait(false),
            var t when t == typeof(short) => await Read<short>(rows, field, RowCounts[group], static v => v).ConfigureAwait(false),
            var t when t == typeof(sbyte) => await Read<sbyte>(rows, field, RowCounts[group], static v => v).ConfigureAwait(false),
            var t when t == typeof(byte) => await Read<byte>(rows, field, RowCounts[group], static v => v).ConfigureAwait(false),
            var t when t == typeof(ushort) => await Read<ushort>(rows, field, RowCounts[group], static v => v).ConfigureAwait(false),
            _ => await Read<uint>(rows, field, RowCounts[group], static v => v).ConfigureAwait(false),
        };
    });

    // Values are stored without gaps; which rows have one is said by their levels. (The reader's own way of putting the two
    // together misplaces what follows an empty row of a column within another.)
    private static byte[]?[] Aligned(RawColumnData<ReadOnlyMemory<byte>> column, int fullLevel, int count)
    {
        var files = new byte[]?[count];
        var next = 0;
        for (var row = 0; row < count; row++)
        {
            if (fullLevel == 0 || column.DefinitionLevels[row] == fullLevel)
                files[row] = column.Values[next++].ToArray();
        }
        return files;
    }

    private static DataField Field(ParquetReader reader, string path) => reader.Schema.DataFields.First(f => f.Path.ToString() == path);

    private static async Task<long[]> Read<T>(ParquetRowGroupReader rows, DataField field, int count, Func<T, long> convert)
        where T : struct
    {
        if (field.IsNullable)
        {
            var some = new T?[count];
            await rows.ReadAsync<T>(field, some.AsMemory()).ConfigureAwait(false);
            return Array.ConvertAll(some, v => v is { } value ? convert(value) : -1);
        }
        var all = new T[count];
        await rows.ReadAsync<T>(field, all.AsMemory()).ConfigureAwait(false);
        return Array.ConvertAll(all, v => convert(v));
    }

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

    private static bool IsWhole(DataField field) =>
        field.ClrType == typeof(long) || field.ClrType == typeof(int) || field.ClrType == typeof(short) || field.ClrType == typeof(sbyte)
        || field.ClrType == typeof(byte) || field.ClrType == typeof(ushort) || field.ClrType == typeof(uint);

    // The hub's files describe their columns in JSON: {"info": {"features": {"label": {"names": [...]}}}}.
    private static string[]? HubClassNames(ParquetReader reader, string? label)
    {
        if (label is null || !reader.CustomMetadata.TryGetValue("huggingface", out var text))
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

    private static TResult With<TResult>(string path, Func<ParquetReader, Task<TResult>> read)
    {
        try
        {
            return Run().GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException(path, "there is no such file.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DataException(path, "the file may not be read; check its permissions.", e);
        }
        catch (Exception e) when (e is not (HitaException or OperationCanceledException))
        {
            // The reader meets a damaged file with whatever exception its code runs into, also for memory that it claims to need.
            throw new DataException(path, "this is no Parquet file, or a damaged one, or it is cut short; fetch or make it again.", e);
        }

        async Task<TResult> Run()
        {
            await using var reader = await ParquetReader.CreateAsync(path).ConfigureAwait(false);
            return await read(reader).ConfigureAwait(false);
        }
    }
}
