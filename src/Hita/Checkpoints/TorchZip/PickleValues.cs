namespace Hita.Checkpoints.TorchZip;

// What a pickle holds once read: inert data. Nothing, true, false, numbers (long, System.Numerics.BigInteger, double), texts and
// byte arrays are themselves; everything else is one of these. Containers may hold themselves, so no walk over them may recurse
// without a bound.

/// <summary>A list.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public object?[] Items { get; } = items;
}

/// <summary>A set.</summary>
internal sealed class PickleSet
{
    public List<object?> Items { get; } = [];
}

/// <summary>A dictionary of any kind. Its pairs are kept in the order they were set; a key may come again.</summary>
internal sealed class PickleDict
{
    public List<KeyValuePair<object?, object?>> Pairs { get; } = [];

    /// <summary>The value last set for a text key; null where there is none.</summary>
    public object? Find(string key)
    {
        for (var i = Pairs.Count - 1; i >= 0; i--)
        {
            if (Pairs[i].Key is string text && text == key)
                return Pairs[i].Value;
        }
        return null;
    }
}

/// <summary>A name from the allow-list that stands for a class or function; never called.</summary>
internal sealed record PickleGlobal(string Module, string Name, GlobalKind Kind)
{
    public string FullName => $"{Module}.{Name}";
}

/// <summary>An instance of a class from the allow-list.</summary>
internal sealed class PickleObject(PickleGlobal type, PickleTuple arguments)
{
    public PickleGlobal Type { get; } = type;

    public PickleTuple Arguments { get; } = arguments;

    /// <summary>Its attributes, where it was given any.</summary>
    public object? State { get; set; }
}

/// <summary>The type of a storage's elements.</summary>
internal sealed record TorchElement(TensorType Type, string Name, int Size);

/// <summary>A part of the zip file that holds elements.</summary>
internal sealed record TorchStorage(TorchElement Element, string Key, long Count);

/// <summary>A view of a storage. Sides and strides are checked to stay inside of it.</summary>
internal sealed record TorchTensor(TorchStorage Storage, TorchElement Element, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Whether the elements lie one after the other in row-major order.</summary>
    public bool IsContiguous
    {
        get
        {
            var expected = 1L;
            for (var i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                    return false;
                expected *= Shape[i];
            }
            return true;
        }
    }
}
