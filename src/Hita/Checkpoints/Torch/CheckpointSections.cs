using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>Finds the weights among the things a checkpoint holds.</summary>
internal static class CheckpointSections
{
    private const int MaxNesting = 3;
    private static readonly string[] Automatic = ["ema", "model", "state_dict", "module"];
    private static readonly string[] Trained = ["model", "module", "state_dict"];

    /// <summary>The section's place as <c>model.state_dict</c> (empty for the file itself), and its weights.</summary>
    /// <exception cref="CheckpointException">The file has no such weights.</exception>
    public static (string Place, PickleDict Weights) Choose(string path, object? root, WeightSection section)
    {
        if (ForeignName(root) is { } rootName)
            throw PickleFault.Asks(path, rootName);
        if (root is not PickleDict top)
            throw new CheckpointException(path, $"the file holds {CheckpointSummary.KindOf(root)} where a dictionary of tensors is needed; in Python, save model.state_dict().");
        var names = section switch
        {
            WeightSection.Ema => ["ema"],
            WeightSection.Model => Trained,
            _ => Automatic,
        };
        if (FindIn(top, names, 0) is { } found)
            return found;
        if (HasTensors(top))
            return ("", top);
        // A whole model saved as an object is the likeliest reason; its name tells whose program can read it.
        if (top.Items.Values.Select(ForeignName).FirstOrDefault(static n => n is not null) is { } foreign)
            throw PickleFault.Asks(path, foreign);
        var held = top.Items.Count == 0 ? "it is empty" : $"it holds {MessageText.Few([.. top.Items.Keys.Take(8).Select(CheckpointSummary.KeyText)], 8)}";
        throw new CheckpointException(path, section == WeightSection.Ema && FindIn(top, Trained, 0) is { } trained
            ? $"the checkpoint has no moving average of the weights ('ema'), {held}; take the weights as trained ('{MessageText.Short(trained.Place)}') instead."
            : $"the checkpoint has no weights under {string.Join(", ", names)} and is not a flat dictionary of tensors, {held}.");
    }

    /// <summary>The places of all weights that can be chosen.</summary>
    public static IReadOnlyList<string> All(object? root)
    {
        if (root is not PickleDict top)
            return [];
        var places = Automatic.Select(name => FindIn(top, [name], 0)).OfType<(string Place, PickleDict)>().Select(static f => f.Place).ToList();
        if (places.Count == 0 && HasTensors(top))
            places.Add("");
        return places;
    }

    private static (string Place, PickleDict Weights)? FindIn(PickleDict outer, ReadOnlySpan<string> names, int nesting)
    {
        foreach (var name in names)
        {
            if (outer[name] is not PickleDict inner)
                continue;
            if (HasTensors(inner))
                return (name, inner);
            if (nesting < MaxNesting && FindIn(inner, Trained, nesting + 1) is { } deeper)
                return ($"{name}.{deeper.Place}", deeper.Weights);
        }
        return null;
    }

    /// <summary>The name of what a placeholder stands for; null for everything that may be read.</summary>
    internal static string? ForeignName(object? value) => value switch
    {
        PickleForeign foreign => foreign.Name,
        PickleGlobal { Kind: GlobalKind.Foreign } global => global.Name,
        _ => null,
    };

    private static bool HasTensors(PickleDict dictionary) =>
        dictionary.Items.Any(static item => item is { Key: string, Value: PickleTensor });
}
