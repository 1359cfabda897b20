using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hita.Runtime;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hita.Training.Recipes;

/// <summary>Reads recipes from YAML and writes them.</summary>
internal static partial class RecipeText
{
    private const long LargestFile = 1 << 20;
    private const int MaxNodes = 10_000;
    private const int MaxDepth = 32;

    // Of two keys that say the same thing in two ways, the one that is set replaces the one that is there.
    private static readonly (string Set, string Replaced)[] Replaced =
    [
        ("schedule.steps", "schedule.epochs"),
        ("schedule.epochs", "schedule.steps"),
        ("training.optimizer.warmup_steps", "schedule.warmup_epochs"),
    ];

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a file.</summary>
    /// <exception cref="HitaException">It cannot be read or is not YAML.</exception>
    public static RecipeNode ReadFile(string path)
    {
        try
        {
            return new FileInfo(path).Length <= LargestFile
                ? Parse(File.ReadAllText(path), path)
                : throw new HitaException($"{path}: this is too large for a recipe.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HitaException(Directory.Exists(path)
                ? $"{path}: this is a folder where a recipe, a .yaml file, is needed."
                : $"{path}: the recipe cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">YAML with one map at its root.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <exception cref="HitaException">It is not YAML, or its root is not a map.</exception>
    public static RecipeNode Parse(string text, string source)
    {
        try
        {
            var stream = Load(text, source);
            if (stream.Documents.Count == 0)
                return RecipeNode.Map("line 1");
            if (stream.Documents.Count > 1)
                throw new HitaException($"{source}: line {stream.Documents[1].RootNode.Start.Line}: a recipe is one document, and a second one begins here.");
            var budget = MaxNodes;
            var root = Convert(stream.Documents[0].RootNode, source, ref budget, 0);
            return root.Keys is not null || root.IsNull
                ? root.IsNull ? RecipeNode.Map("line 1") : root
                : throw new HitaException($"{source}: a recipe consists of sections such as 'model:' and 'data:', this file is {root.Kind}.");
        }
        catch (Exception e) when (IsOfTheParser(e))
        {
            throw new HitaException($"{source}: {(e is YamlException known ? $"line {known.Start.Line}: " : "")}this is not YAML: {Reason(e)}.", e);
        }
    }

    /// <summary>Lays one <c>a.b=c</c> over a recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="assignment">The text.</param>
    /// <param name="notes">Receives a line for each key that has another name now; may be null.</param>
    /// <exception cref="HitaException">The text is not of that form.</exception>
    public static RecipeNode Set(RecipeNode recipe, string assignment, List<string>? notes = null)
    {
        var (path, value, found) = Split(assignment);
        if (!found || path.Split('.') is var keys && (keys.Length > MaxDepth || keys.Any(static p => p.Length == 0)))
            throw new HitaException($"--set {assignment} is not of the form section.key=value, for example --set training.optimizer.learning_rate=2e-4.");
        var place = $"--set {assignment}";
        var budget = MaxNodes;
        RecipeNode node;
        try
        {
            var stream = Load(value, place);
            node = stream.Documents.Count == 0 ? RecipeNode.Null(place) : Moved(Convert(stream.Documents[0].RootNode, place, ref budget, 0), place);
        }
        catch (Exception e) when (IsOfTheParser(e))
        {
            throw new HitaException($"{place}: the value is not YAML: {Reason(e)}.", e);
        }
        var over = Under(path, node, place).WithPresentNames(notes ?? []);
        var set = over.Flatten().Where(static v => v.Value != "null").Select(static v => v.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, other) in Replaced)
        {
            if (set.Contains(key) && !set.Contains(other) && recipe.Flatten().ContainsKey(other))
                recipe = recipe.Overlaid(Under(other, RecipeNode.Null(place), place));
        }
        return recipe.Overlaid(over);
    }

    private static RecipeNode Under(string path, RecipeNode node, string place)
    {
        foreach (var key in path.Split('.').Reverse())
        {
            var outer = RecipeNode.Map(place);
            outer.Keys![key] = node;
            node = outer;
        }
        return node;
    }

    /// <summary>Writes a recipe.</summary>
    /// <param name="recipe">A map.</param>
    /// <param name="heading">Lines of comment before it; empty for none.</param>
    public static string Write(RecipeNode recipe, string heading = "")
    {
        var text = new StringBuilder();
        foreach (var line in heading.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            text.Append("# ").Append(line).Append('\n');
        WriteKeys(text, recipe, 0);
        return text.ToString();
    }

    private static void WriteKeys(StringBuilder text, RecipeNode map, int depth)
    {
        foreach (var (key, value) in map.Keys!)
        {
            text.Append(' ', depth * 2).Append(key).Append(':');
            if (value.Keys is { Count: > 0 })
            {
                text.Append('\n');
                WriteKeys(text, value, depth + 1);
            }
            else
            {
                text.Append(' ').Append(Inline(value)).Append('\n');
            }
        }
    }

    private static string Inline(RecipeNode node)
    {
        if (node.Keys is not null)
            return $"{{{string.Join(", ", node.Keys.Select(static k => $"{k.Key}: {Inline(k.Value)}"))}}}";
        if (node.Items is not null)
            return $"[{string.Join(", ", node.Items.Select(Inline))}]";
        if (node.Text is not { } value)
            return "null";
        return PlainPattern().IsMatch(value) && value is not ("null" or "~") ? value : JsonSerializer.Serialize(value, Relaxed);
    }

    // The parser's reader of documents descends with the text, and the stack ends before a text does: depth is counted before it.
    private static YamlStream Load(string text, string source)
    {
        var events = new Parser(new StringReader(text));
        var (depth, count) = (0, 0);
        while (events.MoveNext())
        {
            depth += events.Current!.NestingIncrease;
            if (++count > 4 * MaxNodes || depth > MaxDepth + 4)
                throw new HitaException($"{source}: line {events.Current.Start.Line}: this is too large or too deep for a recipe.");
        }
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream;
    }

    // It throws what its collections throw besides its own exceptions, on texts that are no YAML.
    private static bool IsOfTheParser(Exception e) =>
        e is YamlException or ArgumentException or InvalidOperationException or FormatException or KeyNotFoundException
            or IndexOutOfRangeException or InvalidCastException or NotSupportedException or OverflowException;

    private static RecipeNode Convert(YamlNode node, string source, ref int budget, int depth)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"line {node.Start.Line}");
        // An alias may repeat what lies behind it any number of times.
        if (--budget < 0 || depth > MaxDepth)
            throw new HitaException($"{source}: {place}: this is too large or too deep for a recipe.");
        switch (node)
        {
            case YamlScalarNode scalar:
                var isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is null or "" or "~" or "null";
                return isNull && scalar.Style == ScalarStyle.Plain ? RecipeNode.Null(place) : RecipeNode.Value(scalar.Value ?? "", place);
            case YamlSequenceNode sequence:
                var items = new List<RecipeNode>();
                foreach (var item in sequence)
                    items.Add(Convert(item, source, ref budget, depth + 1));
                return RecipeNode.List(items, place);
            case YamlMappingNode mapping:
                var map = RecipeNode.Map(place);
                foreach (var (key, value) in mapping)
                {
                    if (key is not YamlScalarNode { Value: { Length: > 0 } name })
                        throw new HitaException($"{source}: line {key.Start.Line}: a key must be a word.");
                    // A key's line is where a message sends its reader, also when its value begins further down.
                    map.Keys![name] = Moved(Convert(value, source, ref budget, depth + 1), string.Create(CultureInfo.InvariantCulture, $"line {key.Start.Line}"));
                }
                return map;
            default:
                throw new HitaException($"{source}: {place}: a recipe consists of texts, lists and sections only.");
        }
    }

    private static RecipeNode Moved(RecipeNode node, string place)
    {
        if (node.Keys is not null)
        {
            var moved = RecipeNode.Map(place);
            foreach (var (key, value) in node.Keys)
                moved.Keys![key] = value;
            return moved;
        }
        return node.Items is not null ? RecipeNode.List(node.Items, place) : node.Text is { } text ? RecipeNode.Value(text, place) : RecipeNode.Null(place);
    }

    private static (string Path, string Value, bool Found) Split(string assignment)
    {
        var at = assignment.IndexOf('=', StringComparison.Ordinal);
        return at < 0 ? (assignment, "", false) : (assignment[..at].Trim(), assignment[(at + 1)..], true);
    }

    // The parser's messages repeat the position in front.
    private static string Reason(Exception e)
    {
        var message = (e.InnerException ?? e).Message.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        var colon = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return colon < 0 ? message : message[(colon + 3)..];
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_./+-][A-Za-z0-9_./+-]*\z")]
    private static partial Regex PlainPattern();
}
