namespace Hita.Data.Sources;

/// <summary>The description at the end of a Parquet file, of which only what is needed is kept.</summary>
internal static class ParquetFooter
{
    private const int MaxSchemaDepth = 32;
    private const int NumberOfChildren = 5;

    private static readonly ThriftShape Unit = new(
        new(1, ThriftKind.Struct, ThriftShape.Empty), new(2, ThriftKind.Struct, ThriftShape.Empty), new(3, ThriftKind.Struct, ThriftShape.Empty));

    private static readonly ThriftShape Time = new(new(1, ThriftKind.True), new(2, ThriftKind.Struct, Unit));

    // Text, map, list, enumeration, date, unknown, JSON, BSON, UUID, short real: marks without content.
    private static readonly ThriftShape Meaning = new(
    [
        .. ((int[])[1, 2, 3, 4, 6, 11, 12, 13, 14, 15]).Select(static id => new ThriftField(id, ThriftKind.Struct, ThriftShape.Empty)),
        new(5, ThriftKind.Struct, new ThriftShape(new(1, ThriftKind.Int), new(2, ThriftKind.Int))),
        new(7, ThriftKind.Struct, Time),
        new(8, ThriftKind.Struct, Time),
        new(10, ThriftKind.Struct, new ThriftShape(new(1, ThriftKind.Byte), new(2, ThriftKind.True))),
    ]);

    private static readonly ThriftShape Schema = new(
        new(1, ThriftKind.Int), new(2, ThriftKind.Int), new(3, ThriftKind.Int), new(4, ThriftKind.Binary), new(NumberOfChildren, ThriftKind.Int),
        new(6, ThriftKind.Int), new(7, ThriftKind.Int), new(8, ThriftKind.Int), new(10, ThriftKind.Struct, Meaning));

    // Type, encodings, path, codec, values, sizes, and where the pages are. Statistics are left out: nothing needs them.
    private static readonly ThriftShape Column = new(
        new(1, ThriftKind.Int), new(2, ThriftKind.List, Item: ThriftKind.Int), new(3, ThriftKind.List, Item: ThriftKind.Binary), new(4, ThriftKind.Int),
        new(5, ThriftKind.Long), new(6, ThriftKind.Long), new(7, ThriftKind.Long), new(9, ThriftKind.Long), new(10, ThriftKind.Long), new(11, ThriftKind.Long));

    private static readonly ThriftShape Chunk = new(new(1, ThriftKind.Binary), new(2, ThriftKind.Long), new(3, ThriftKind.Struct, Column));

    private static readonly ThriftShape Group = new(new(1, ThriftKind.List, Chunk), new(2, ThriftKind.Long), new(3, ThriftKind.Long));

    private static readonly ThriftShape Pair = new(new(1, ThriftKind.Binary), new(2, ThriftKind.Binary));

    private static readonly ThriftShape Whole = new(
        new(1, ThriftKind.Int), new(2, ThriftKind.List, Schema), new(3, ThriftKind.Long), new(4, ThriftKind.List, Group), new(5, ThriftKind.List, Pair));

    /// <summary>The description written anew, as the end of a file.</summary>
    /// <param name="bytes">The description as the file has it.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static byte[] Cleaned(byte[] bytes)
    {
        var reader = new ThriftReader(bytes);
        var writer = new ThriftWriter();
        var children = new List<long>();
        Whole.Copy(ref reader, writer, (shape, id, number) =>
        {
            if (shape != Schema)
                return;
            if (id == 0)
                children.Add(0);
            else if (id == NumberOfChildren)
                children[^1] = number;
        });
        CheckTree(children);
        return writer.ToParquetTail();
    }

    // The columns are a tree, written as each node's number of children. Whoever builds it goes as deep as it is.
    private static void CheckTree(List<long> children)
    {
        var open = new Stack<long>([1]);
        foreach (var count in children)
        {
            while (open.Count > 0 && open.Peek() == 0)
                open.Pop();
            if (open.Count is 0 or > MaxSchemaDepth || count < 0 || count > children.Count)
                throw new InvalidDataException("its columns are no tree");
            open.Push(open.Pop() - 1);
            open.Push(count);
        }
        if (open.Any(static left => left > 0))
            throw new InvalidDataException("columns are missing");
    }
}
