using System.Text;
using Hita.Runtime;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace Hita.Data.Sources;

/// <summary>What a column notes for some rows: numbers or texts, with null where a row has none.</summary>
/// <param name="Numbers">Whole numbers; null where the column holds texts.</param>
/// <param name="Texts">Texts; null where the column holds numbers.</param>
/// <param name="Broken">The first number that is not whole, as text; null where there is none.</param>
internal sealed record ParquetLabelValues(long?[]? Numbers, string?[]? Texts, string? Broken = null);

/// <summary>Finds and reads the column with the classes.</summary>
internal static class ParquetLabels
{
    private static readonly string[] Names = ["label", "labels", "class", "cls", "fine_label", "target"];

    private static readonly Type[] Whole = [typeof(long), typeof(int), typeof(short), typeof(sbyte), typeof(byte), typeof(ushort), typeof(uint), typeof(ulong)];

    private static readonly Type[] Others = [typeof(bool), typeof(float), typeof(double), typeof(ReadOnlyMemory<char>), typeof(ReadOnlyMemory<byte>)];

    /// <summary>The column with the classes, or why there is none.</summary>
    public static (DataField? Column, string? Why) Find(DataField[] fields, string image)
    {
        string? why = null;
        foreach (var name in Names)
        {
            foreach (var field in fields)
            {
                var path = field.Path.ToString();
                if (path == image || !IsNamed(path, name))
                    continue;
                if (path.Length == name.Length && field.MaxRepetitionLevel == 0 && (Whole.Contains(field.ClrType) || Others.Contains(field.ClrType)))
                    return (field, null);
                var kind = path.Length > name.Length || field.MaxRepetitionLevel > 0 ? "a list or a structure" : $"of the type {field.ClrType.Name}";
                why ??= $"the column {MessageText.Short(path)} is {kind} and not a number or a text for each image";
            }
        }
        return (null, why ?? $"there is no column of classes ({string.Join(", ", Names)}); its columns are {MessageText.Few([.. fields.Select(static f => f.Path.ToString())], 12)}");
    }

    /// <summary>Whether a column's numbers are truth values.</summary>
    public static bool IsTruth(DataField field) => field.ClrType == typeof(bool);

    /// <summary>Whether a column holds texts.</summary>
    public static bool IsText(DataField field) => field.ClrType == typeof(ReadOnlyMemory<char>) || field.ClrType == typeof(ReadOnlyMemory<byte>);

    /// <summary>Reads the column for a group of rows.</summary>
    public static async Task<ParquetLabelValues> ReadAsync(ParquetRowGroupReader rows, DataField field, int count)
    {
        using var column = await rows.ReadRawColumnDataBaseAsync(field).ConfigureAwait(false);
        var levels = field.MaxDefinitionLevel > 0 ? column.DefinitionLevels[..count].ToArray() : null;
        bool Has(int row) => levels is null || levels[row] == field.MaxDefinitionLevel;
        return column switch
        {
            RawColumnData<ReadOnlyMemory<char>> c => new(null, Spread(c.Values, count, Has, static v => new string(v.Span))),
            RawColumnData<ReadOnlyMemory<byte>> c => new(null, Spread(c.Values, count, Has, static v => Encoding.UTF8.GetString(v.Span))),
            RawColumnData<bool> c => new(SpreadNumbers(c.Values, count, Has, static v => v ? 1L : 0L), null),
            RawColumnData<float> c => FromReal(SpreadNumbers(c.Values, count, Has, static v => v)),
            RawColumnData<double> c => FromReal(SpreadNumbers(c.Values, count, Has, static v => v)),
            RawColumnData<int> c => new(SpreadNumbers(c.Values, count, Has, static v => (long)v), null),
            RawColumnData<short> c => new(SpreadNumbers(c.Values, count, Has, static v => (long)v), null),
            RawColumnData<sbyte> c => new(SpreadNumbers(c.Values, count, Has, static v => (long)v), null),
            RawColumnData<byte> c => new(SpreadNumbers(c.Values, count, Has, static v => (long)v), null),
            RawColumnData<ushort> c => new(SpreadNumbers(c.Values, count, Has, static v => (long)v), null),
            RawColumnData<uint> c => new(SpreadNumbers(c.Values, count, Has, static v => (long)v), null),
            RawColumnData<ulong> c => new(SpreadNumbers(c.Values, count, Has, static v => (long)Math.Min(v, long.MaxValue)), null),
            _ => new(SpreadNumbers(((RawColumnData<long>)column).Values, count, Has, static v => v), null),
        };
    }

    private static bool IsNamed(string path, string name) =>
        path.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (path.Length == name.Length || path[name.Length] == '/');

    // Values are stored without gaps; which rows have one is said by their levels.
    private static string?[] Spread<T>(Span<T> values, int count, Func<int, bool> has, Func<T, string> convert)
    {
        var all = new string?[count];
        for (var (row, next) = (0, 0); row < count; row++)
            all[row] = has(row) ? convert(values[next++]) : null;
        return all;
    }

    private static TNumber?[] SpreadNumbers<T, TNumber>(Span<T> values, int count, Func<int, bool> has, Func<T, TNumber> convert)
        where TNumber : struct
    {
        var all = new TNumber?[count];
        for (var (row, next) = (0, 0); row < count; row++)
            all[row] = has(row) ? convert(values[next++]) : null;
        return all;
    }

    // Tables turn whole numbers into real ones where some are missing, which are not numbers then.
    private static ParquetLabelValues FromReal<T>(T?[] values)
        where T : struct, IConvertible
    {
        var numbers = new long?[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is not { } value || value.ToDouble(null) is not (var real and not double.NaN))
                continue;
            if (real != Math.Floor(real) || Math.Abs(real) > 1L << 53)
                return new(numbers, null, value.ToString(System.Globalization.CultureInfo.InvariantCulture));
            numbers[i] = (long)real;
        }
        return new(numbers, null);
    }
}
