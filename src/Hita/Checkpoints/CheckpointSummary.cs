using System.Globalization;
using Hita.Checkpoints.TorchZip;

namespace Hita.Checkpoints;

/// <summary>One line of a summary, with what lies below it.</summary>
/// <param name="Key">The key or name.</param>
/// <param name="Text">The value, or what it is.</param>
/// <param name="TensorCount">Tensors directly in it.</param>
/// <param name="ElementCount">Elements of these tensors.</param>
/// <param name="Children">What lies below, where that is worth listing; large dictionaries of tensors are counted only.</param>
public sealed record SummaryItem(string Key, string Text, long TensorCount, long ElementCount, IReadOnlyList<SummaryItem> Children);

/// <summary>What a weight file holds beside the names of its tensors: the keys of its dictionary, steps, arguments, texts.</summary>
/// <param name="Format">What the file is, for example <c>PyTorch zip file</c>.</param>
/// <param name="Items">The top level.</param>
public sealed record CheckpointSummary(string Format, IReadOnlyList<SummaryItem> Items)
{
    private const int MostDepth = 3;
    private const int MostItems = 1000;

    /// <summary>Reads the summary of a file or folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <exception cref="Runtime.CheckpointException">It cannot be opened, is damaged, or is of no known kind.</exception>
    public static CheckpointSummary Read(string path)
    {
        if (!Directory.Exists(path) && WeightFile.KindOf(path) == WeightFile.FileKind.TorchZip)
        {
            using var archive = TorchArchive.Open(path);
            var left = MostItems;
            // A flat dictionary of weights is one line; the parts of a checkpoint are one line each.
            var whole = Item("tensors", archive.Value, 0, ref left);
            var items = whole.TensorCount == 0 && archive.Value is PickleDict ? whole.Children : [whole];
            return new CheckpointSummary("PyTorch zip file", items);
        }
        using var source = WeightFile.Open(path);
        var format = source is ShardedSource ? "sharded safetensors" : "safetensors file";
        var texts = source.Metadata.Select(m => new SummaryItem(m.Key, MessageText.Short(m.Value), 0, 0, []));
        var tensors = new SummaryItem("tensors", Counted(source.Tensors.Values.ToList(), out var elements), source.Tensors.Count, elements, []);
        return new CheckpointSummary(Directory.Exists(path) ? $"folder with a {format}" : format, [.. texts, tensors]);
    }

    // A pickle's containers may hold themselves many times over, so the walk ends by depth and by number.
    private static List<SummaryItem> Children(List<KeyValuePair<object?, object?>> pairs, int depth, ref int left)
    {
        var items = new List<SummaryItem>();
        foreach (var (key, value) in pairs)
        {
            if (left <= 0)
            {
                items.Add(new SummaryItem("…", $"{pairs.Count - items.Count} more", 0, 0, []));
                break;
            }
            left--;
            items.Add(Item(PickleText.Describe(key, MostDepth), value, depth + 1, ref left));
        }
        return items;
    }

    private static SummaryItem Item(string key, object? value, int depth, ref int left)
    {
        switch (value)
        {
            case TorchTensor tensor:
                return new SummaryItem(key, PickleText.Describe(tensor), 1, Elements(tensor), []);
            case PickleDict dict:
                var tensors = dict.Pairs.Select(p => p.Value).OfType<TorchTensor>().ToList();
                if (tensors.Count > 0)
                    return new SummaryItem(key, Counted(tensors, out var elements), tensors.Count, elements, []);
                return new SummaryItem(key, PickleText.Describe(dict), 0, 0, depth >= MostDepth ? [] : Children(dict.Pairs, depth, ref left));
            case PickleObject { State: PickleDict state } item:
                return new SummaryItem(key, item.Type.FullName, 0, 0, depth >= MostDepth ? [] : Children(state.Pairs, depth, ref left));
            default:
                return new SummaryItem(key, PickleText.Describe(value), 0, 0, []);
        }
    }

    private static string Counted(List<TorchTensor> tensors, out long elements)
    {
        elements = tensors.Sum(Elements);
        return Counted(tensors.Count, elements, tensors.Select(t => t.Element.Name));
    }

    private static string Counted(List<TensorEntry> tensors, out long elements)
    {
        elements = tensors.Sum(t => t.Count);
        return Counted(tensors.Count, elements, tensors.Select(t => t.TypeName));
    }

    private static string Counted(int count, long elements, IEnumerable<string> types) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} tensors, {elements:N0} elements, {string.Join(" and ", types.Distinct().Order(StringComparer.Ordinal).Take(6))}");

    private static long Elements(TorchTensor tensor) => new TensorEntry("", tensor.Element.Type, tensor.Shape).Count;
}
