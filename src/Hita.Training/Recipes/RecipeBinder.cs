using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Runtime;

namespace Hita.Training.Recipes;

/// <summary>Turns a recipe's text into records and back. Keys are the properties' names in snake_case.</summary>
/// <remarks>Every fault is collected: unknown keys with the nearest known one, missing keys, values of the wrong kind.</remarks>
internal static class RecipeBinder
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>Makes a record of a section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="path">Its dotted path, for messages; empty at the root.</param>
    /// <param name="faults">Receives what is wrong.</param>
    public static T Bind<T>(RecipeNode section, string path, List<string> faults)
        where T : class => (T)BindRecord(typeof(T), section, path, faults)!;

    /// <summary>A record as a section, every key written out.</summary>
    public static RecipeNode ToNode(object record)
    {
        var map = RecipeNode.Map("");
        // Also the kind that need not be said: a recipe that is written out leaves nothing open.
        if (record.GetType().BaseType is { } whole && ConfigKindsAttribute.Of(whole) is { } kinds)
            map.Keys![ConfigKindsAttribute.Key] = RecipeNode.Value(kinds.Names[Array.IndexOf(kinds.Types, record.GetType())], "");
        foreach (var property in Properties(record.GetType()))
            map.Keys![KeyOf(property)] = ToNode(property.PropertyType, property.GetValue(record));
        return map;
    }

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static RecipeNode ToNode(Type type, object? value) => value switch
    {
        null => RecipeNode.Null(""),
        string text => RecipeNode.Value(text, ""),
        bool flag => RecipeNode.Value(flag ? "true" : "false", ""),
        Enum word => RecipeNode.Value(EnumWords.Of(word), ""),
        double number => RecipeNode.Value(number.ToString("R", CultureInfo.InvariantCulture), ""),
        IFormattable number when type.IsValueType => RecipeNode.Value(number.ToString(null, CultureInfo.InvariantCulture), ""),
        IEnumerable items => RecipeNode.List([.. items.Cast<object>().Select(static i => ToNode(i.GetType(), i))], ""),
        _ => ToNode(value),
    };

    private static object? BindRecord(Type type, RecipeNode node, string path, List<string> faults)
    {
        if (node.Keys is null)
        {
            faults.Add($"{node.Place}: {path} is {node.Kind}, it must be a section with keys");
            return null;
        }
        var kinds = ConfigKindsAttribute.Of(type);
        if (kinds is not null)
        {
            if (KindOf(kinds, node, path, faults) is not { } chosen)
                return null;
            type = chosen;
        }
        var properties = Properties(type).ToDictionary(KeyOf, StringComparer.Ordinal);
        // Required members are checked here, with the key's name, instead of by the compiler.
        var record = Activator.CreateInstance(type)!;
        foreach (var (key, value) in node.Keys)
        {
            if (kinds is not null && key == ConfigKindsAttribute.Key)
                continue;
            var full = path.Length == 0 ? key : $"{path}.{key}";
            if (!properties.TryGetValue(key, out var property))
                faults.Add(Unknown(key, value.Place, path, properties.Keys));
            else if (TryBind(property, value, full, faults, out var bound))
                property.SetValue(record, bound);
        }
        foreach (var (key, property) in properties)
        {
            if (!node.Keys.ContainsKey(key) && property.GetCustomAttribute<RequiredMemberAttribute>() is not null)
                faults.Add($"{(node.Place.Length > 0 ? node.Place + ": " : "")}{(path.Length == 0 ? key : $"{path}.{key}")} is missing");
        }
        return record;
    }

    // Sections of several kinds are told apart by a key; without it the first is meant.
    private static Type? KindOf(ConfigKindsAttribute kinds, RecipeNode node, string path, List<string> faults)
    {
        var told = node.Keys!.GetValueOrDefault(ConfigKindsAttribute.Key);
        if (told is null || (told.Text is not null && kinds.TypeOf(told.Text) is not null))
            return kinds.TypeOf(told?.Text);
        var near = told.Text is not null && NearestName.Find(told.Text, kinds.Names) is { } word ? $"; did you mean '{word}'?" : "";
        faults.Add($"{told.Place}: {path}.{ConfigKindsAttribute.Key} is {told.Kind}, it must be one of {string.Join(", ", kinds.Names)}{near}");
        return null;
    }

    private static bool TryBind(PropertyInfo property, RecipeNode node, string path, List<string> faults, out object? bound)
    {
        bound = null;
        var type = property.PropertyType;
        if (node.IsNull)
        {
            var nullable = Nullable.GetUnderlyingType(type) is not null ||
                (!type.IsValueType && Nullability.Create(property).WriteState == NullabilityState.Nullable);
            // A heading with nothing under it leaves a section as it is, if it is one that can be left out.
            if (!nullable && !IsSection(type))
                faults.Add($"{node.Place}: {path} has no value");
            else if (!nullable && property.GetCustomAttribute<RequiredMemberAttribute>() is not null)
                faults.Add($"{node.Place}: {path} is empty, it must be a section with keys");
            return nullable;
        }
        var before = faults.Count;
        bound = BindValue(Nullable.GetUnderlyingType(type) ?? type, node, path, faults);
        return faults.Count == before;
    }

    private static object? BindValue(Type type, RecipeNode node, string path, List<string> faults)
    {
        if (IsSection(type))
            return BindRecord(type, node, path, faults);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return BindList(type.GenericTypeArguments[0], node, path, faults);
        if (node.Text is not { } text)
        {
            faults.Add($"{node.Place}: {path} is {node.Kind}, it must be {Wanted(type)}");
            return null;
        }
        if (Parse(type, text) is { } value)
            return value;
        var near = type.IsEnum && NearestName.Find(text, EnumWords.All(type)) is { } word ? $"; did you mean '{word}'?" : "";
        faults.Add($"{node.Place}: {path} is '{text}', it must be {Wanted(type)}{near}");
        return null;
    }

    private static IList? BindList(Type element, RecipeNode node, string path, List<string> faults)
    {
        if (node.Items is null)
        {
            faults.Add($"{node.Place}: {path} is {node.Kind}, it must be a list such as [1, 2]");
            return null;
        }
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        for (var i = 0; i < node.Items.Count; i++)
        {
            if (BindValue(element, node.Items[i], $"{path}[{i}]", faults) is { } value)
                list.Add(value);
        }
        return list;
    }

    private static object? Parse(Type type, string text)
    {
        const NumberStyles Whole = NumberStyles.AllowLeadingSign;
        var culture = CultureInfo.InvariantCulture;
        // 20_000 is how YAML lets people write large numbers.
        var digits = text.Length > 0 && (char.IsAsciiDigit(text[0]) || text[0] == '-') ? text.Replace("_", "", StringComparison.Ordinal) : text;
        if (type == typeof(string))
            return text;
        if (type == typeof(bool))
            return text switch { "true" => true, "false" => false, _ => null };
        if (type == typeof(int))
            return int.TryParse(digits, Whole, culture, out var value) ? value : null;
        if (type == typeof(long))
            return long.TryParse(digits, Whole, culture, out var value) ? value : null;
        if (type == typeof(ulong))
            return ulong.TryParse(digits, NumberStyles.None, culture, out var value) ? value : null;
        if (type == typeof(double))
            return double.TryParse(digits, NumberStyles.Float, culture, out var value) && double.IsFinite(value) ? value : null;
        if (type.IsEnum)
            return Enum.GetValues(type).Cast<Enum>().FirstOrDefault(e => EnumWords.Of(e) == text);
        throw new NotSupportedException($"Recipes have no values of the type {type}.");
    }

    private static string Unknown(string key, string place, string path, IEnumerable<string> known)
    {
        var names = known.ToList();
        var near = NearestName.Find(key, names);
        return $"{place}: there is no key '{key}'{(path.Length == 0 ? "" : $" in {path}")}; " +
            (near is null ? $"there are {string.Join(", ", names)}" : $"did you mean '{near}'?");
    }

    private static string Wanted(Type type)
    {
        if (type.IsEnum)
            return $"one of {string.Join(", ", EnumWords.All(type))}";
        if (type == typeof(string))
            return "a text";
        if (type == typeof(bool))
            return "true or false";
        return type == typeof(double) ? "a number" : type == typeof(ulong) ? "a whole number of 0 or more" : "a whole number";
    }

    private static bool IsSection(Type type) =>
        type.IsClass && type != typeof(string) && type.Namespace?.StartsWith("Hita.", StringComparison.Ordinal) == true;

    private static IEnumerable<PropertyInfo> Properties(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(static p => p.CanWrite && p.GetCustomAttribute<JsonIgnoreAttribute>() is null)
        .OrderBy(static p => p.GetCustomAttribute<JsonPropertyOrderAttribute>()?.Order ?? 0);

    private static string KeyOf(PropertyInfo property) => Snake(property.Name);
}
