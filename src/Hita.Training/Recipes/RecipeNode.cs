namespace Hita.Training.Recipes;

/// <summary>A recipe as it was written: texts, lists and maps that know where they stand.</summary>
internal sealed class RecipeNode
{
    // The one section whose kinds have keys of their own.
    private const string SectionOfKinds = "semantic_encoder";

    private RecipeNode(string place) => Place = place;

    /// <summary>Where it stands, for messages: <c>line 12</c>, <c>--set a.b=c</c>.</summary>
    public string Place { get; }

    /// <summary>The text of a single value; null for <c>null</c>, a list or a map.</summary>
    public string? Text { get; private init; }

    /// <summary>The values of a list; null for anything else.</summary>
    public List<RecipeNode>? Items { get; private init; }

    /// <summary>The keys of a map in the order of the text; null for anything else.</summary>
    public OrderedDictionary<string, RecipeNode>? Keys { get; private init; }

    /// <summary>Whether it is <c>null</c>.</summary>
    public bool IsNull => Text is null && Items is null && Keys is null;

    /// <summary>What it is, for messages.</summary>
    public string Kind => Keys is not null ? "a section" : Items is not null ? "a list" : IsNull ? "null" : $"'{Text}'";

    public static RecipeNode Null(string place) => new(place);

    public static RecipeNode Value(string text, string place) => new(place) { Text = text };

    public static RecipeNode List(List<RecipeNode> items, string place) => new(place) { Items = items };

    public static RecipeNode Map(string place) => new(place) { Keys = new(StringComparer.Ordinal) };

    /// <summary>This node with another laid over it: maps are merged key by key, anything else is replaced.</summary>
    public RecipeNode Overlaid(RecipeNode over)
    {
        if (Keys is null || over.Keys is null)
            return over;
        var merged = Map(over.Place);
        foreach (var (key, value) in Keys)
            merged.Keys![key] = value;
        foreach (var (key, value) in over.Keys)
            merged.Keys![key] = merged.Keys.TryGetValue(key, out var below) && !(key == SectionOfKinds && below.IsOtherKind(value)) ? below.Overlaid(value) : value;
        return merged;
    }

    /// <summary>This node with the keys that older versions had under their present names.</summary>
    /// <param name="notes">Receives a line for each of them.</param>
    public RecipeNode WithPresentNames(List<string> notes) => WithPresentNames("", notes);

    private RecipeNode WithPresentNames(string path, List<string> notes)
    {
        if (Keys is null)
            return this;
        var present = Map(Place);
        foreach (var (key, value) in Keys)
        {
            var name = Runtime.RenamedKeys.NameOf(key) is { } now && !Keys.ContainsKey(now) ? now : key;
            if (name != key)
                notes.Add($"{value.Place}: {path}{key} is called {path}{name} now; its value is taken.");
            present.Keys![name] = value.WithPresentNames($"{path}{name}.", notes);
        }
        return present;
    }

    // The keys of one kind mean nothing in another.
    private bool IsOtherKind(RecipeNode over) =>
        over.Keys?.GetValueOrDefault(Runtime.ConfigKindsAttribute.Key) is { } wanted && Keys?.GetValueOrDefault(Runtime.ConfigKindsAttribute.Key) is { } own && wanted.Text != own.Text;

    /// <summary>Every single value by its dotted path.</summary>
    public SortedDictionary<string, string> Flatten()
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Collect("", values);
        return values;
    }

    private void Collect(string path, SortedDictionary<string, string> values)
    {
        if (Keys is not null)
        {
            foreach (var (key, value) in Keys)
                value.Collect(path.Length == 0 ? key : $"{path}.{key}", values);
        }
        else if (Items is not null)
        {
            values[path] = $"[{string.Join(", ", Items.Select(static i => i.Text ?? i.Kind))}]";
        }
        else
        {
            values[path] = Text ?? "null";
        }
    }
}
