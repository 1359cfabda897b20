using System.Globalization;
using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>Makes the values a pickle describes, and stands in for what Python would call to make them.</summary>
internal sealed class PickleBuilder(string path, AllocationBudget budget, StorageReferences? storages)
{
    private const int MaxSides = 64;
    private const int MaxNesting = 4;
    private const int PlaceholderCost = 200;
    private static readonly object[] Small = [.. Enumerable.Range(0, 256).Select(static i => (object)(long)i)];

    private readonly Dictionary<string, PickleForeign> _placeholders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PickleGlobal> _foreign = new(StringComparer.Ordinal);

    public object True { get; } = true;

    public object False { get; } = false;

    public object Integer(long value)
    {
        if (value is >= 0 and < 256)
            return Small[value];
        budget.Charge(24);
        return value;
    }

    public object Number(double value)
    {
        budget.Charge(24);
        return value;
    }

    /// <summary>What is made with a name that is not on the list; a pickle may make any number of them with one name.</summary>
    public PickleForeign Placeholder(string name)
    {
        if (_placeholders.TryGetValue(name, out var known))
            return known;
        budget.Charge(PlaceholderCost + (2L * name.Length));
        return _placeholders[name] = new PickleForeign(name);
    }

    /// <summary>The name of a pickle, on the list or not.</summary>
    public PickleGlobal Global(ReadOnlySpan<char> name)
    {
        if (PickleGlobals.Find(name) is { } listed)
            return listed;
        var foreign = _foreign.GetAlternateLookup<ReadOnlySpan<char>>();
        if (foreign.TryGetValue(name, out var known))
            return known;
        budget.Charge(PlaceholderCost + (2L * name.Length));
        return foreign[name] = new PickleGlobal(MessageText.Short(name.ToString()), GlobalKind.Foreign);
    }

    public PickleInert Inert(string name, string? text = null)
    {
        budget.Charge(96 + (2L * (text?.Length ?? 0)));
        return new PickleInert(name, text);
    }

    public PickleTuple Tuple(ReadOnlySpan<object?> items)
    {
        budget.Charge(48 + (8L * items.Length));
        return new PickleTuple(items.ToArray());
    }

    public PickleList List(ReadOnlySpan<object?> items)
    {
        budget.Charge(56);
        var list = new PickleList();
        Append(list, items);
        return list;
    }

    public void Append(object? target, ReadOnlySpan<object?> items)
    {
        if (target is PickleForeign)
            return;
        if (target is not PickleList list)
            throw PickleFault.Wrong(path, "it appends to something that is not a list");
        budget.Charge(24L * items.Length);
        list.Items.AddRange(items);
    }

    public PickleDict Dictionary(ReadOnlySpan<object?> pairs)
    {
        budget.Charge(32);
        var dictionary = new PickleDict();
        SetItems(dictionary, pairs);
        return dictionary;
    }

    public void SetItems(object? target, ReadOnlySpan<object?> pairs)
    {
        if (target is not (PickleDict or PickleForeign))
            throw PickleFault.Wrong(path, "it puts items into something that is not a dictionary");
        if (pairs.Length % 2 != 0)
            throw PickleFault.Wrong(path, "it gives a dictionary a key without a value");
        if (pairs.IsEmpty || target is not PickleDict dictionary)
            return;
        budget.Charge((dictionary.IsEmpty ? 128 : 0) + (64L * pairs.Length));
        for (var i = 0; i < pairs.Length; i += 2)
        {
            var key = pairs[i] ?? PickleDict.NoneKey;
            if (key is PickleList or PickleDict)
                throw PickleFault.Wrong(path, "it uses a container as a key");
            dictionary.Items[key] = pairs[i + 1];
        }
    }

    /// <summary>
    /// The storage that a persistent name stands for, or a placeholder for one of an unknown type or for a module's class. Where it
    /// once lay, such as <c>cuda:0</c>, does not matter.
    /// </summary>
    public object Storage(object? reference)
    {
        // In a zip file each storage has a part of its own; in older files one of an unknown length hides where the next begins.
        if (reference is PickleTuple { Items: ["storage" or "module", PickleGlobal { Kind: GlobalKind.Foreign } foreign, ..] named })
            return storages is null || named[0] is "module" ? Placeholder(foreign.Name) : throw PickleFault.Asks(path, foreign.Name);
        if (reference is not PickleTuple { Items: ["storage", PickleGlobal { Kind: GlobalKind.Storage } type, string key, _, long count, ..] items })
            throw PickleFault.Wrong(path, "it refers to something other than a storage");
        if (count < 0)
            throw PickleFault.Wrong(path, $"the storage '{MessageText.Short(key)}' has a negative length");
        budget.Charge(48);
        var storage = new PickleStorage(type.Element, key, count);
        return storages is null ? storage : storages.Note(storage, view: items.Length > 5 ? items[5] : null);
    }

    /// <summary>What calling or making <paramref name="callee"/> with these arguments stands for.</summary>
    public object? Make(object? callee, object? arguments)
    {
        if (callee is PickleForeign)
            return callee;
        if (callee is not PickleGlobal global)
            throw PickleFault.Wrong(path, "it calls something that has no name");
        if (arguments is not PickleTuple tuple)
            throw PickleFault.Wrong(path, $"it calls {global.Name} without arguments in order");
        return Make(global, tuple.Items, 0);
    }

    /// <summary>Takes over an object's fields; what else carries a state, such as <c>_metadata</c>, has no need of it.</summary>
    public void SetState(object? target, object? state)
    {
        switch (target)
        {
            case PickleObject thing when state is PickleDict fields:
                thing.Fields = fields;
                break;
            // The first versions of torch made tensors empty and then gave them their elements.
            case PickleTensor { IsUnset: true } tensor when state is PickleTuple { Items: [PickleStorage { Element: { } element } storage, long offset, var size, var stride] }:
                tensor.Set(Tensor(storage, element, offset, size, stride));
                break;
            case PickleTensor { IsUnset: true } tensor when state is PickleTuple { Items: [PickleTensor data, _, _, _, _] }:
                tensor.Set(data);
                break;
            case PickleTensor { IsUnset: true }:
                throw PickleFault.Wrong(path, "it makes a tensor without saying where its elements lie");
            case PickleDict or PickleTensor or PickleInert or PickleForeign:
                break;
            default:
                throw PickleFault.Wrong(path, "it gives a state to something that has none");
        }
    }

    private object? Make(PickleGlobal global, object?[] arguments, int nesting)
    {
        switch (global.Kind)
        {
            case GlobalKind.RebuildTensor when arguments is [PickleStorage { Element: { } element } storage, long offset, var size, var stride, ..]:
                return Tensor(storage, element, offset, size, stride);
            case GlobalKind.RebuildTensorTyped when arguments is [PickleStorage storage, long offset, var size, var stride, _, _, PickleGlobal { Element: { } element }, ..]:
                return Tensor(storage, element, offset, size, stride);
            case GlobalKind.RebuildParameter when arguments is [PickleTensor tensor, ..]:
                return tensor;
            case GlobalKind.Parameter when arguments is [PickleTensor tensor, ..] && arguments.Length <= 2:
                return tensor;
            case GlobalKind.Parameter or GlobalKind.Tensor when arguments.Length == 0:
                budget.Charge(64);
                return new PickleTensor();
            case GlobalKind.RebuildFromType when arguments is [PickleGlobal inner, PickleGlobal, PickleTuple inside, ..] && nesting < MaxNesting:
                return Make(inner, inside.Items, nesting + 1);
            case GlobalKind.Dictionary:
                return FilledDictionary(global, arguments);
            case GlobalKind.Object when arguments.Length == 0:
                budget.Charge(32);
                return new PickleObject(global.Name);
            case GlobalKind.Size when arguments is [PickleTuple sides]:
                return sides;
            case GlobalKind.Size when arguments is [PickleList sides]:
                return Tuple(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sides.Items));
            case GlobalKind.List or GlobalKind.Tuple when arguments.Length == 0:
                return global.Kind == GlobalKind.List ? List([]) : PickleTuple.Empty;
            case GlobalKind.List or GlobalKind.Tuple when arguments is [PickleList or PickleTuple]:
                return arguments[0];
            case GlobalKind.EncodedBytes when arguments is [string text, ..]:
                return Inert("bytes", $"{text.Length} bytes");
            case GlobalKind.Foreign:
                return Placeholder(global.Name);
            case GlobalKind.Inert:
                return Inert(global.Name, Joined(arguments));
            case GlobalKind.Name or GlobalKind.Storage:
                return Placeholder($"a call of {global.Name}");
            // A tensor, list or the like made of a placeholder is one too.
            case var _ when Array.Find(arguments, static a => a is PickleForeign) is PickleForeign inside:
                return inside;
            default:
                throw PickleFault.Wrong(path, $"what it gives to {global.Name} is not what belongs there");
        }
    }

    private PickleDict FilledDictionary(PickleGlobal global, object?[] arguments)
    {
        var dictionary = Dictionary([]);
        switch (arguments)
        {
            case [] or [null or PickleGlobal or PickleForeign]:
                break;
            case [PickleDict other]:
                foreach (var (key, value) in other.Items)
                    SetItems(dictionary, [key, value]);
                break;
            case [PickleList pairs]:
                // Python 2 writes an ordered dictionary as a list of pairs.
                foreach (var pair in pairs.Items)
                {
                    SetItems(dictionary, pair switch
                    {
                        PickleTuple { Items: [_, _] two } => two,
                        PickleList { Items: [var key, var value] } => [key, value],
                        _ => throw PickleFault.Wrong(path, $"what it gives to {global.Name} are not pairs"),
                    });
                }
                break;
            default:
                throw PickleFault.Wrong(path, $"what it gives to {global.Name} is not what belongs there");
        }
        return dictionary;
    }

    private PickleTensor Tensor(PickleStorage storage, ElementKind element, long offset, object? size, object? stride)
    {
        if (size is not PickleTuple { Items: var sizes } || stride is not PickleTuple { Items: var strides }
            || sizes.Length != strides.Length || sizes.Length > MaxSides)
            throw PickleFault.Wrong(path, "it describes a tensor without a proper shape");
        budget.Charge(120 + (16L * sizes.Length));
        return new PickleTensor(storage, element, offset, Integers(sizes), Integers(strides));
    }

    private long[] Integers(object?[] values)
    {
        var integers = new long[values.Length];
        for (var i = 0; i < values.Length; i++)
            integers[i] = values[i] is long value ? value : throw PickleFault.Wrong(path, "it describes a tensor whose shape is not made of integers");
        return integers;
    }

    private string? Joined(object?[] arguments)
    {
        var parts = arguments.Where(static a => a is string or long).Take(8).Select(static a => Convert.ToString(a, CultureInfo.InvariantCulture)!);
        budget.Charge(256);
        return arguments.Length == 0 ? null : MessageText.Short(string.Join('/', parts.Select(MessageText.Short)));
    }
}
