using System.Numerics;
using System.Runtime.CompilerServices;

namespace Hita.Checkpoints.Torch;

/// <summary>A Python tuple. Compared by identity, so that one that holds itself can do no harm.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public static PickleTuple Empty { get; } = new([]);

    public object?[] Items { get; } = items;
}

/// <summary>A Python list.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A Python dictionary of any of the kinds torch writes, in order.</summary>
internal sealed class PickleDict
{
    /// <summary>Stands for None where it is a key.</summary>
    public static object NoneKey { get; } = new();

    // Torch writes one empty dictionary for each tensor: those are made only when something is put into them.
    private OrderedDictionary<object, object?>? _items;

    public OrderedDictionary<object, object?> Items => _items ??= new(KeyComparer.Instance);

    public bool IsEmpty => _items is null || _items.Count == 0;

    /// <summary>What a text key holds; null where there is no such key.</summary>
    public object? this[string key] => !IsEmpty && Items.TryGetValue(key, out var value) ? value : null;

    /// <summary>Texts and numbers by value, everything else by identity; hashes cannot be foreseen by whoever wrote the file.</summary>
    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static KeyComparer Instance { get; } = new();

        public new bool Equals(object? x, object? y) => ReferenceEquals(x, y) || (IsPlain(x) && x!.Equals(y));

        public int GetHashCode(object key) =>
            // The usual hash of an integer is one whose collisions anyone can work out; this one starts from a random number.
            HashCode.Combine(key is long number ? number : 0, IsPlain(key) ? key.GetHashCode() : RuntimeHelpers.GetHashCode(key));

        private static bool IsPlain(object? key) => key is string or long or double or bool or BigInteger;
    }
}

/// <summary>An object with named fields and no behaviour, such as <c>argparse.Namespace</c>.</summary>
/// <param name="name">What Python calls its type.</param>
internal sealed class PickleObject(string name)
{
    public string Name { get; } = name;

    /// <summary>The fields; null until they are set.</summary>
    public PickleDict? Fields { get; set; }
}

/// <summary>Something that is only known by its kind: a set, a path, a device, bytes.</summary>
/// <param name="Name">What Python calls its type.</param>
/// <param name="Text">What it says, where that is of use.</param>
internal sealed record PickleInert(string Name, string? Text = null);

/// <summary>Stands for whatever was made with a name that is not among the plain data of weight files; it has no content.</summary>
/// <param name="Name">The full Python name.</param>
internal sealed record PickleForeign(string Name);

/// <summary>A storage as the pickle refers to it.</summary>
/// <param name="Element">The elements' type; null where the storage is plain bytes.</param>
/// <param name="Key">The name of its part in the file.</param>
/// <param name="Count">Its elements, or bytes where it has no type.</param>
internal sealed record PickleStorage(ElementKind? Element, string Key, long Count)
{
    /// <summary>Elements of that part which come before this storage: files of PyTorch before 1.6 may hold storages that lie in others.</summary>
    public long First { get; init; }
}

/// <summary>A tensor as the pickle describes it; nothing of it is checked against the file yet.</summary>
internal sealed class PickleTensor
{
    // Shared, so that one without elements costs no more than itself.
    private static readonly PickleStorage Nowhere = new(null, "", 0);
    private static readonly ElementKind Unknown = new(TensorType.Other, "an unknown type", 1);
    private static readonly long[] NoSides = [0];

    /// <summary>A tensor that is given its elements later.</summary>
    public PickleTensor()
        : this(Nowhere, Unknown, 0, NoSides, NoSides)
    {
    }

    /// <param name="storage">Where its elements lie.</param>
    /// <param name="element">Their type.</param>
    /// <param name="offset">The first element in the storage.</param>
    /// <param name="shape">The sides, outermost first.</param>
    /// <param name="strides">Elements from one to the next along each side.</param>
    public PickleTensor(PickleStorage storage, ElementKind element, long offset, long[] shape, long[] strides) =>
        (Storage, Element, Offset, Shape, Strides) = (storage, element, offset, shape, strides);

    public PickleStorage Storage { get; private set; }

    public ElementKind Element { get; private set; }

    public long Offset { get; private set; }

    public long[] Shape { get; private set; }

    public long[] Strides { get; private set; }

    /// <summary>Whether its elements were never given.</summary>
    public bool IsUnset => ReferenceEquals(Storage, Nowhere);

    /// <summary>Gives it the elements of another, wherever it has been put meanwhile.</summary>
    public void Set(PickleTensor other) =>
        (Storage, Element, Offset, Shape, Strides) = (other.Storage, other.Element, other.Offset, other.Shape, other.Strides);

    /// <summary>Number of elements, at most <see cref="long.MaxValue"/>; a description can claim anything.</summary>
    public long CountAtMost
    {
        get
        {
            Int128 count = 1;
            foreach (var side in Shape)
                count = Int128.Clamp(count * Math.Max(side, 0), 0, long.MaxValue);
            return (long)count;
        }
    }
}

/// <summary>The type of a storage's elements.</summary>
/// <param name="Type">As the library knows it.</param>
/// <param name="Name">As torch calls it.</param>
/// <param name="Size">Bytes of an element.</param>
internal sealed record ElementKind(TensorType Type, string Name, int Size);
