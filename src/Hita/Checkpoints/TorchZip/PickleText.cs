using System.Globalization;
using System.Numerics;

namespace Hita.Checkpoints.TorchZip;

/// <summary>Values of a pickle as short text for people.</summary>
internal static class PickleText
{
    private const int MostItems = 8;
    private const int MostDepth = 2;

    /// <summary>What kind of thing a value is, with an article.</summary>
    public static string Kind(object? value) => value switch
    {
        null => "nothing (None)",
        bool => "a truth value",
        long or BigInteger or double => "a number",
        string => "a text",
        byte[] => "bytes",
        PickleList => "a list",
        PickleTuple => "a tuple",
        PickleSet => "a set",
        PickleDict => "a dictionary",
        TorchTensor => "a single tensor",
        PickleObject item => $"an object of {item.Type.FullName}",
        PickleGlobal name => $"the name {name.FullName}",
        _ => "a storage",
    };

    /// <summary>The value itself where it is short, else what it is. Values that hold themselves come to an end by depth.</summary>
    public static string Describe(object? value, int depth = 0) => value switch
    {
        null => "None",
        true => "True",
        false => "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        string text => MessageText.Short(text),
        byte[] bytes => $"{bytes.Length} bytes",
        TorchTensor tensor => $"{tensor.Element.Name} [{string.Join(", ", tensor.Shape)}]",
        PickleList list => Items("[", list.Items, "]", depth),
        PickleTuple tuple => Items("(", tuple.Items, ")", depth),
        PickleSet set => Items("{", set.Items, "}", depth),
        PickleDict dict => $"a dictionary of {dict.Pairs.Count}",
        PickleObject { Type.Module: "pathlib" or "pathlib._local" } path => string.Join('/', path.Arguments.Items.Select(i => Describe(i, depth + 1)).Take(MostItems)),
        PickleObject item => depth >= MostDepth ? item.Type.FullName : $"{item.Type.FullName}{Items("(", item.Arguments.Items, ")", depth)}",
        PickleGlobal name => name.FullName,
        _ => Kind(value),
    };

    private static string Items(string open, IReadOnlyList<object?> items, string close, int depth)
    {
        if (depth >= MostDepth)
            return $"{open}…{close}";
        var shown = string.Join(", ", items.Take(MostItems).Select(i => Describe(i, depth + 1)));
        return items.Count > MostItems ? $"{open}{shown}, … {items.Count - MostItems} more{close}" : $"{open}{shown}{close}";
    }
}
