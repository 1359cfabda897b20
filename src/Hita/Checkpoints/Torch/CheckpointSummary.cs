using System.Globalization;
using System.Numerics;
using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>What lies under one key of a checkpoint.</summary>
/// <param name="Name">The key.</param>
/// <param name="Kind">What it holds in plain words, for example <c>a dictionary</c>.</param>
/// <param name="TensorCount">Tensors in it, at any depth; each counted once.</param>
/// <param name="ElementCount">Numbers in those tensors together, as the file describes them.</param>
/// <param name="Text">The value, where it is a plain one.</param>
public sealed record CheckpointItem(string Name, string Kind, long TensorCount, long ElementCount, string? Text);

/// <summary>A part of a checkpoint in which placeholders stand for what is not plain data.</summary>
/// <param name="Name">The key of the part.</param>
/// <param name="Kinds">The full Python names of what was left out, each once, the first eight.</param>
public sealed record SkippedPart(string Name, IReadOnlyList<string> Kinds);

/// <summary>What a PyTorch checkpoint holds, for people to look at.</summary>
public sealed class CheckpointSummary
{
    private const int MaxItems = 1000;
    private const int VisitCost = 72;
    private const int TextCost = 700;
    private const int MaxKinds = 8;
    private static readonly string[] StepNames = ["steps", "step", "train_steps", "global_step", "iteration"];

    private CheckpointSummary(TorchArchive archive)
    {
        Sections = CheckpointSections.All(archive.Root);
        Kind = KindOf(archive.Root);
        if (archive.Root is not PickleDict top)
            return;
        var items = new List<CheckpointItem>();
        var skipped = new List<SkippedPart>();
        foreach (var (key, value) in top.Items)
        {
            if (value is PickleTensor && key is string)
            {
                FlatTensorCount++;
                continue;
            }
            if (items.Count == MaxItems)
                continue;
            archive.Budget.Charge(TextCost);
            var foreign = new List<string>();
            var (tensors, elements) = Count(value, archive.Budget, foreign);
            items.Add(new CheckpointItem(KeyText(key), KindOf(value), tensors, elements, TextOf(value)));
            if (foreign.Count > 0)
                skipped.Add(new SkippedPart(KeyText(key), foreign));
        }
        Items = items;
        Skipped = skipped;
        Steps = StepNames.Select(name => top[name]).OfType<long>().Cast<long?>().FirstOrDefault();
        Arguments = ArgumentsOf(top, archive.Budget);
    }

    /// <summary>What the file as a whole is in plain words, for example <c>a dictionary</c>.</summary>
    public string Kind { get; }

    /// <summary>The keys of the dictionary, without tensors that lie directly in it; a thousand at most.</summary>
    public IReadOnlyList<CheckpointItem> Items { get; } = [];

    /// <summary>Tensors that lie directly in the dictionary, as in a flat file.</summary>
    public int FlatTensorCount { get; }

    /// <summary>
    /// The places of weights that can be loaded, the preferred one first; one empty text for a flat file.
    /// </summary>
    public IReadOnlyList<string> Sections { get; }

    /// <summary>
    /// The parts that hold things other than plain data, such as random states and settings objects of other programs. What they
    /// are was noted and nothing of it was run.
    /// </summary>
    public IReadOnlyList<SkippedPart> Skipped { get; } = [];

    /// <summary>Training steps done; null where the file does not say.</summary>
    public long? Steps { get; }

    /// <summary>The settings of the training run as text, as its program wrote them under <c>args</c>; empty where it wrote none.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; } = new Dictionary<string, string>();

    internal static CheckpointSummary Of(TorchArchive archive) => new(archive);

    /// <summary>A key as text, whatever it is.</summary>
    internal static string KeyText(object key) => ReferenceEquals(key, PickleDict.NoneKey) ? "None" : MessageText.Short(TextOf(key) ?? KindOf(key));

    /// <summary>The kind of a value in plain words.</summary>
    internal static string KindOf(object? value) => value switch
    {
        null => "nothing",
        string => "a text",
        bool => "a truth value",
        long or BigInteger => "an integer",
        double => "a number",
        PickleTensor tensor => $"a tensor of {tensor.Element.Name}",
        PickleDict => "a dictionary",
        PickleList => "a list",
        PickleTuple => "a tuple",
        PickleObject thing => $"an object {thing.Name}",
        PickleInert inert => $"an object {inert.Name}",
        PickleForeign foreign => $"an object {foreign.Name}",
        PickleGlobal global => $"the name {global.Name}",
        _ => "a storage",
    };

    private static string? TextOf(object? value) => value switch
    {
        null => "None",
        string text => MessageText.Short(text),
        bool truth => truth ? "True" : "False",
        IFormattable number => MessageText.Short(number.ToString(null, CultureInfo.InvariantCulture)),
        PickleInert inert => inert.Text,
        PickleGlobal global => global.Name,
        PickleList { Items.Count: <= 16 } list when list.Items.All(IsPlain) => $"[{string.Join(", ", list.Items.Select(TextOf))}]",
        PickleTuple { Items.Length: <= 16 } tuple when tuple.Items.All(IsPlain) => $"({string.Join(", ", tuple.Items.Select(TextOf))})",
        _ => null,
    };

    private static bool IsPlain(object? value) => value is null or string or bool or long or double;

    private static Dictionary<string, string> ArgumentsOf(PickleDict top, AllocationBudget budget)
    {
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        var fields = top["args"] switch
        {
            PickleObject thing => thing.Fields,
            PickleDict dictionary => dictionary,
            _ => null,
        };
        foreach (var (key, value) in fields?.Items.Take(MaxItems) ?? [])
        {
            budget.Charge(TextCost);
            arguments.TryAdd(KeyText(key), TextOf(value) ?? KindOf(value));
        }
        return arguments;
    }

    // Containers may hold themselves and each other: each is visited once, and without recursion.
    private static (long Tensors, long Elements) Count(object? value, AllocationBudget budget, List<string> foreign)
    {
        var (tensors, elements) = (0L, 0L);
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<object>();
        Visit(value);
        while (waiting.TryPop(out var next))
        {
            switch (next)
            {
                case PickleTensor tensor:
                    tensors++;
                    elements += Math.Min(tensor.CountAtMost, long.MaxValue - elements);
                    break;
                case PickleDict dictionary:
                    foreach (var (_, inner) in dictionary.Items)
                        Visit(inner);
                    break;
                case PickleList list:
                    foreach (var inner in list.Items)
                        Visit(inner);
                    break;
                case PickleTuple tuple:
                    foreach (var inner in tuple.Items)
                        Visit(inner);
                    break;
                case PickleObject { Fields: { } fields }:
                    Visit(fields);
                    break;
            }
        }
        return (tensors, elements);

        void Visit(object? thing)
        {
            if (CheckpointSections.ForeignName(thing) is { } name && foreign.Count < MaxKinds && !foreign.Contains(name))
                foreign.Add(name);
            if (thing is not (PickleTensor or PickleDict or PickleList or PickleTuple or PickleObject) || !seen.Add(thing))
                return;
            budget.Charge(VisitCost);
            waiting.Push(thing);
        }
    }
}
