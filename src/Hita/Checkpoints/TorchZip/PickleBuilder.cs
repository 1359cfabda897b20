using System.Numerics;
using Hita.Runtime;

namespace Hita.Checkpoints.TorchZip;

/// <summary>Gives the allowed names their meaning: storages, tensors, dictionaries and inert objects.</summary>
internal sealed class PickleBuilder(string path, long fileLength, Func<string, long?> recordLength, AllocationBudget budget)
{
    private const int MostDimensions = 64;
    private const int TensorCost = 160;
    private const int MostNesting = 8;

    /// <summary>What a name makes of its arguments.</summary>
    public object? Build(PickleGlobal callee, PickleTuple arguments) => Build(callee, arguments, 0);

    /// <summary>Sets the attributes of an object. Those of dictionaries and tensors (such as <c>_metadata</c>) mean nothing here.</summary>
    public void SetState(object? target, object? state)
    {
        if (target is PickleObject item)
            item.State = state;
        else if (target is not (PickleDict or PickleSet or TorchTensor))
            throw Damaged("sets attributes of a value that has none");
    }

    /// <summary>The storage that a persistent identity stands for.</summary>
    public TorchStorage Storage(object? identity)
    {
        if (identity is not PickleTuple { Items: ["storage", PickleGlobal { Kind: GlobalKind.Storage } type, string key, _, var size] }
            || size is not long count || count < 0)
            throw Damaged("points to a storage in an unknown way");
        var element = PickleGlobals.Element(type);
        if (recordLength(key) is not { } length)
            throw Damaged($"points to the storage '{MessageText.Short(key)}', which the file does not hold");
        if (count > length / element.Size)
            throw Damaged($"gives the storage '{MessageText.Short(key)}' {count} elements of {element.Name}, and it has {length} bytes");
        budget.Charge(64);
        return new TorchStorage(element, key, count);
    }

    private object? Build(PickleGlobal callee, PickleTuple arguments, int depth)
    {
        switch (callee.Kind)
        {
            case GlobalKind.Dictionary:
                return Dictionary(arguments);
            case GlobalKind.Set:
                budget.Charge(64);
                var set = new PickleSet();
                set.Items.AddRange(Copied(arguments.Items.FirstOrDefault()));
                return set;
            case GlobalKind.Object or GlobalKind.Encode:
                budget.Charge(48);
                return new PickleObject(callee, arguments);
            case GlobalKind.Size when arguments.Items is [PickleTuple sides]:
                return sides;
            case GlobalKind.RebuildTensor:
                return Tensor(callee, arguments.Items);
            case GlobalKind.RebuildParameter when arguments.Items is [TorchTensor tensor, ..]:
                return tensor;
            case GlobalKind.RebuildFromType when arguments.Items is [PickleGlobal inner, PickleGlobal { Kind: GlobalKind.Marker }, PickleTuple innerArguments, _] && depth < MostNesting:
                return Build(inner, innerArguments, depth + 1);
            default:
                throw Damaged($"uses {callee.FullName} in a way torch.save does not");
        }
    }

    private PickleDict Dictionary(PickleTuple arguments)
    {
        budget.Charge(64);
        var dict = new PickleDict();
        foreach (var argument in arguments.Items)
        {
            if (argument is PickleDict other)
            {
                budget.Charge(48L * other.Pairs.Count);
                dict.Pairs.AddRange(other.Pairs);
                continue;
            }
            // A default factory is a name; a list holds pairs.
            foreach (var item in argument is PickleGlobal or null ? [] : Copied(argument))
            {
                var pair = item is PickleTuple tuple ? tuple.Items : item is PickleList { Items.Count: 2 } list ? [.. list.Items] : [];
                if (pair is not [var key, var value])
                    throw Damaged("fills a dictionary with something other than pairs");
                budget.Charge(48);
                dict.Pairs.Add(new(key, value));
            }
        }
        return dict;
    }

    private List<object?> Copied(object? container)
    {
        var items = container switch
        {
            null => [],
            PickleList list => list.Items,
            PickleSet set => set.Items,
            PickleTuple tuple => [.. tuple.Items],
            _ => throw Damaged("fills a container with a value that is not a list"),
        };
        budget.Charge(32L * items.Count);
        return items;
    }

    private TorchTensor Tensor(PickleGlobal callee, object?[] arguments)
    {
        if (arguments is not [TorchStorage storage, long offset, PickleTuple size, PickleTuple stride, ..])
            throw Damaged($"uses {callee.FullName} in a way torch.save does not");
        var element = storage.Element;
        if (callee.Name == "_rebuild_tensor_v3")
        {
            if (arguments is not [_, _, _, _, _, _, PickleGlobal { Kind: GlobalKind.Element } type, ..])
                throw Damaged("lacks the type of a tensor");
            element = PickleGlobals.Element(type);
        }
        if (arguments.Length > 6 && arguments[^1] is PickleDict { Pairs: var flags } && flags.Any(p => p.Value is true))
            throw new CheckpointException(path, "the file holds a lazily conjugated or negated tensor, which cannot be read; save it after resolve_conj() and resolve_neg().");

        budget.Charge(TensorCost + (16L * size.Items.Length));
        var shape = Numbers(size);
        var strides = Numbers(stride);
        if (shape.Length != strides.Length || offset < 0)
            throw Damaged("gives a tensor sides and strides that do not belong together");
        var elements = storage.Count * storage.Element.Size / element.Size;
        CheckBounds(element, offset, shape, strides, elements);
        return new TorchTensor(storage, element, offset, shape, strides);
    }

    private void CheckBounds(TorchElement element, long offset, long[] shape, long[] strides, long elements)
    {
        if (!ShapeCheck.TryByteLength(shape, element.Size, out var bytes) || bytes > fileLength)
            throw Damaged($"gives a tensor the shape [{string.Join(", ", shape.Take(8))}], which is larger than the whole file");
        if (bytes == 0)
            return;
        BigInteger last = offset;
        for (var i = 0; i < shape.Length; i++)
            last += (BigInteger)(shape[i] - 1) * strides[i];
        if (last >= elements)
            throw Damaged($"describes a tensor that reaches to element {last} of a storage of {elements}");
    }

    private long[] Numbers(PickleTuple tuple)
    {
        if (tuple.Items.Length > MostDimensions)
            throw Damaged($"gives a tensor {tuple.Items.Length} dimensions");
        var numbers = new long[tuple.Items.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (tuple.Items[i] is not long number || number < 0)
                throw Damaged("gives a tensor a side or a stride that is not a whole number");
            numbers[i] = number;
        }
        return numbers;
    }

    private CheckpointException Damaged(string how) => PickleFaults.Damaged(path, how);
}
