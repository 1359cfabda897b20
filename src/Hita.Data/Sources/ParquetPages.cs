using Hita.Runtime;
using Parquet.Meta;

namespace Hita.Data.Sources;

/// <summary>Checks the pages of a column before the library unpacks them: whatever it takes memory for is held against the file.</summary>
internal static class ParquetPages
{
    /// <summary>What a column may unpack to: this, and <see cref="MaxExpansion"/> times what it takes in the file.</summary>
    /// <remarks>Image files do not shrink. Images without compression do, and classes even more, which are small.</remarks>
    private const long ExpansionFree = 16 << 20;

    private const int MaxExpansion = 100;

    /// <summary>Rows that may have no value; others take four bytes at least.</summary>
    private const int MaxEmptyRows = 1 << 16;

    private const int MaxHeaderBytes = 1 << 20;
    private const int UsualHeaderBytes = 1 << 12;

    private static readonly ThriftShape Statistics = new(
        new(1, ThriftKind.Binary), new(2, ThriftKind.Binary), new(3, ThriftKind.Long), new(4, ThriftKind.Long), new(5, ThriftKind.Binary),
        new(6, ThriftKind.Binary), new(7, ThriftKind.True), new(8, ThriftKind.True));

    private static readonly ThriftShape Header = new(
        new(1, ThriftKind.Int),
        new(2, ThriftKind.Int),
        new(3, ThriftKind.Int),
        new(4, ThriftKind.Int),
        new(5, ThriftKind.Struct, new ThriftShape(new(1, ThriftKind.Int), new(2, ThriftKind.Int), new(3, ThriftKind.Int), new(4, ThriftKind.Int), new(5, ThriftKind.Struct, Statistics))),
        new(6, ThriftKind.Struct, ThriftShape.Empty),
        new(7, ThriftKind.Struct, new ThriftShape(new(1, ThriftKind.Int), new(2, ThriftKind.Int), new(3, ThriftKind.True))),
        new(8, ThriftKind.Struct, new ThriftShape(
            new(1, ThriftKind.Int), new(2, ThriftKind.Int), new(3, ThriftKind.Int), new(4, ThriftKind.Int), new(5, ThriftKind.Int), new(6, ThriftKind.Int),
            new(7, ThriftKind.True), new(8, ThriftKind.Struct, Statistics))));

    /// <summary>What so many bytes may unpack to at most.</summary>
    public static long MaxUnpacked(long packed) => ExpansionFree + (MaxExpansion * packed);

    /// <summary>Whether a group of rows can hold as many as it says, by the sizes that stand beside their number.</summary>
    /// <param name="rows">What the group says.</param>
    /// <param name="column">Its column of images.</param>
    /// <param name="fileLength">The file's bytes.</param>
    public static bool CanHold(long rows, ColumnMetaData column, long fileLength)
    {
        var (packed, unpacked) = (column.TotalCompressedSize, column.TotalUncompressedSize);
        return packed >= 0 && packed <= fileLength && unpacked >= 0 && unpacked <= MaxUnpacked(packed)
            && rows >= 0 && rows <= MaxEmptyRows + (Math.Max(packed, unpacked) / 4) && rows <= int.MaxValue;
    }

    /// <summary>Goes through the heads of a column's pages.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="file">The file.</param>
    /// <param name="column">What it says of the column.</param>
    /// <param name="rows">The rows of the group; each has a value or none.</param>
    /// <returns>Where the last page ends.</returns>
    /// <exception cref="InvalidDataException">The pages are damaged, or unpack to far more than they take.</exception>
    /// <exception cref="DataException">They are stored in a way that is not read.</exception>
    public static long Check(string path, ParquetFile file, ColumnMetaData column, long rows)
    {
        if (column.NumValues != rows)
            throw new InvalidDataException("a column has another number of values than there are rows");
        var at = ((long[])[column.DictionaryPageOffset ?? 0, column.DataPageOffset, column.IndexPageOffset ?? 0]).Where(static o => o != 0).DefaultIfEmpty(0).Min();
        if (at < 4)
            throw new InvalidDataException("a column begins before the file");
        var (values, start, unpacked) = (0L, at, 0L);
        var hasDictionary = false;
        while (values < rows)
        {
            var (fields, length) = ReadHeader(file, at);
            var (packed, size) = (Number(fields, 3), Number(fields, 2));
            var data = at + length;
            if (packed < 0 || size < 0 || packed > file.DataEnd - data)
                throw new InvalidDataException("a page reaches beyond the file's end");
            unpacked += Math.Max(size, Unpacked(file, column.Codec, fields, data, packed, size));
            if (unpacked > MaxUnpacked(data + packed - start))
                throw new InvalidDataException("a column unpacks to far more than it takes");
            if (Number(fields, 1) == (int)PageType.DICTIONARY_PAGE)
            {
                if (hasDictionary || Number(fields, 701) is var entries && (entries < 0 || entries > size / SmallestValue(column.Type)))
                    throw new InvalidDataException("a dictionary is damaged");
                hasDictionary = true;
            }
            else
            {
                values += CheckData(path, column, fields, packed, rows - values);
            }
            at = data + packed;
        }
        return at;
    }

    private static long CheckData(string path, ColumnMetaData column, Dictionary<int, long> fields, long packed, long max)
    {
        var second = Number(fields, 1) == (int)PageType.DATA_PAGE_V2;
        if (!second && Number(fields, 1) != (int)PageType.DATA_PAGE)
            throw new InvalidDataException("a page is of an unknown kind");
        var outer = second ? 8 : 5;
        var values = Number(fields, (100 * outer) + 1);
        if (values < 0 || values > max)
            throw new InvalidDataException("a page has more values than there are rows");
        if (second)
        {
            var (places, levels) = (Number(fields, 805), Number(fields, 806));
            if (places < 0 || levels < 0 || places + levels > packed || Number(fields, 802) is var nulls && (nulls < 0 || nulls > values))
                throw new InvalidDataException("a page is damaged");
        }
        var encoding = (Encoding)Number(fields, second ? 804 : 502);
        if (encoding is Encoding.PLAIN or Encoding.PLAIN_DICTIONARY or Encoding.RLE_DICTIONARY or Encoding.BYTE_STREAM_SPLIT)
            return values;
        // The library takes what the first numbers of the delta encodings claim, and reads packed truth values as false.
        throw Enum.IsDefined(encoding)
            ? new DataException(path, $"its column {Hita.Runtime.MessageText.Short(string.Join('/', column.PathInSchema))} is stored in the encoding {encoding}, which is not read; write the file again with the usual encodings (PLAIN or a dictionary).")
            : new InvalidDataException("a page has an unknown encoding");
    }

    private static (Dictionary<int, long> Fields, int Length) ReadHeader(ParquetFile file, long at)
    {
        // Most heads are short; statistics can make them longer.
        for (var room = UsualHeaderBytes; ; room = MaxHeaderBytes)
        {
            var count = (int)Math.Min(room, file.DataEnd - at);
            if (count < 1)
                throw new EndOfStreamException("pages are missing");
            var reader = new ThriftReader(file.At(at, count));
            var fields = new Dictionary<int, long>();
            try
            {
                Header.Read(ref reader, fields);
                return (fields, reader.Position);
            }
            catch (EndOfStreamException) when (room < MaxHeaderBytes && count == room)
            {
                // The next round sees more.
            }
        }
    }

    // Some formats say in their own bytes what they unpack to, and the library believes those.
    private static long Unpacked(ParquetFile file, CompressionCodec codec, Dictionary<int, long> fields, long data, long packed, long size)
    {
        var isSecond = Number(fields, 1) == (int)PageType.DATA_PAGE_V2;
        if (codec == CompressionCodec.UNCOMPRESSED || (isSecond && fields.GetValueOrDefault(807, 1) == 0))
            return packed == size ? size : throw new InvalidDataException("a page has two lengths");
        var levels = isSecond ? Number(fields, 805) + Number(fields, 806) : 0;
        if (levels < 0 || levels > packed)
            throw new InvalidDataException("a page is damaged");
        return codec switch
        {
            CompressionCodec.SNAPPY when packed > levels => levels + SnappyLength(file.At(data + levels, (int)Math.Min(10, packed - levels))),
            CompressionCodec.ZSTD => levels + ZstandardLength.Bound(file, data + levels, data + packed),
            _ => size,
        };
    }

    private static long SnappyLength(byte[] start)
    {
        var length = new ThriftReader(start).Number();
        return length <= int.MaxValue ? (long)length : throw new InvalidDataException("a page is damaged");
    }

    private static int SmallestValue(Parquet.Meta.Type type) => type switch
    {
        Parquet.Meta.Type.INT64 or Parquet.Meta.Type.DOUBLE => 8,
        Parquet.Meta.Type.INT96 => 12,
        Parquet.Meta.Type.BOOLEAN or Parquet.Meta.Type.FIXED_LEN_BYTE_ARRAY => 1,
        _ => 4,
    };

    private static long Number(Dictionary<int, long> fields, int id) =>
        fields.TryGetValue(id, out var number) ? number : throw new InvalidDataException("a page's head is incomplete");
}
