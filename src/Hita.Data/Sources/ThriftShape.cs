namespace Hita.Data.Sources;

/// <summary>A field that a structure may have.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Kind">Its kind; the two truth values are one kind.</param>
/// <param name="Shape">What a structure, or each item of a list, is made of; null for plain values.</param>
/// <param name="Item">The kind of a list's items.</param>
internal sealed record ThriftField(int Id, ThriftKind Kind, ThriftShape? Shape = null, ThriftKind Item = ThriftKind.Struct);

/// <summary>The fields of a structure that are of use. Whatever else stands in a file is passed over or refused.</summary>
internal sealed class ThriftShape(params ThriftField[] fields)
{
    /// <summary>A structure of which nothing is of use.</summary>
    public static ThriftShape Empty { get; } = new();

    /// <summary>Copies a structure: what is of use is written anew, the rest is left out.</summary>
    /// <param name="reader">At the structure's start.</param>
    /// <param name="writer">Gets the copy.</param>
    /// <param name="seen">Gets each whole number with the shape that it belongs to and the number of its field.</param>
    /// <exception cref="InvalidDataException">A field is of another kind, or the bytes are no structure.</exception>
    public void Copy(ref ThriftReader reader, ThriftWriter writer, Action<ThriftShape, int, long> seen)
    {
        seen(this, 0, 0);
        var (id, before) = (0, 0);
        while (reader.Field(ref id, out var kind))
        {
            if (Find(id) is not { } field)
            {
                reader.Skip(kind);
                continue;
            }
            Check(field, kind);
            writer.Field(before, id, kind);
            before = id;
            CopyValue(ref reader, writer, seen, field, kind);
        }
        writer.Byte(0);
    }

    /// <summary>Reads the whole numbers of a structure, in which nothing may stand that another reader could take for something else.</summary>
    /// <param name="reader">At the structure's start.</param>
    /// <param name="seen">Gets each whole number, truth values as 1 and 0, with the numbers of the fields that lead to it (100 times the outer one plus the inner one).</param>
    /// <param name="outer">The number of the field that holds the structure; 0 for none.</param>
    /// <exception cref="InvalidDataException">A field is of another kind, unknown and not plain, or the bytes are no structure.</exception>
    public void Read(ref ThriftReader reader, Dictionary<int, long> seen, int outer = 0)
    {
        var id = 0;
        while (reader.Field(ref id, out var kind))
        {
            if (Find(id) is not { } field)
            {
                if (kind >= ThriftKind.List)
                    throw new InvalidDataException("it holds something unknown");
                reader.Skip(kind);
                continue;
            }
            Check(field, kind);
            if (field.Shape is { } shape)
            {
                // That it is there at all is of use as well.
                seen[(100 * outer) + id] = 1;
                shape.Read(ref reader, seen, id);
            }
            else if (kind is ThriftKind.True or ThriftKind.False)
            {
                seen[(100 * outer) + id] = kind == ThriftKind.True ? 1 : 0;
            }
            else if (kind is ThriftKind.Int or ThriftKind.Long)
            {
                seen[(100 * outer) + id] = reader.Signed();
            }
            else
            {
                reader.Skip(kind);
            }
        }
    }

    private ThriftField? Find(int id) => Array.Find(fields, f => f.Id == id);

    private static void Check(ThriftField field, ThriftKind kind)
    {
        if ((kind == ThriftKind.False ? ThriftKind.True : kind) != field.Kind)
            throw new InvalidDataException("a field is of another kind than it should be");
    }

    private void CopyValue(ref ThriftReader reader, ThriftWriter writer, Action<ThriftShape, int, long> seen, ThriftField field, ThriftKind kind)
    {
        switch (kind)
        {
            case ThriftKind.True or ThriftKind.False:
                break;
            case ThriftKind.Byte:
                writer.Byte(reader.Take(1)[0]);
                break;
            case ThriftKind.Short or ThriftKind.Int or ThriftKind.Long:
                var number = reader.Signed();
                if (kind != ThriftKind.Long && number is < int.MinValue or > int.MaxValue)
                    throw new InvalidDataException("a number is out of its range");
                seen(this, field.Id, number);
                writer.Signed(number);
                break;
            case ThriftKind.Binary:
                writer.Bytes(reader.Take(reader.Number()));
                break;
            case ThriftKind.Struct:
                field.Shape!.Copy(ref reader, writer, seen);
                break;
            case ThriftKind.List:
                CopyList(ref reader, writer, seen, field);
                break;
            default:
                throw new InvalidDataException("a field is of another kind than it should be");
        }
    }

    private void CopyList(ref ThriftReader reader, ThriftWriter writer, Action<ThriftShape, int, long> seen, ThriftField field)
    {
        var count = reader.List(out var item);
        if (count > 0 && item != field.Item)
            throw new InvalidDataException("a list is of another kind than it should be");
        writer.List(count, field.Item);
        for (var left = count; left > 0; left--)
            CopyValue(ref reader, writer, seen, field, field.Item);
    }
}
