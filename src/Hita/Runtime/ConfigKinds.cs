using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Hita.Runtime;

/// <summary>Marks a configuration section that has several kinds, told apart by its key <c>kind</c>.</summary>
/// <param name="names">The kinds' words. The first one is meant where the key is absent, and is not written.</param>
/// <param name="types">The record of each kind.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class ConfigKindsAttribute(string[] names, Type[] types) : Attribute
{
    /// <summary>The key that tells the kinds apart.</summary>
    public const string Key = "kind";

    /// <summary>The kinds' words.</summary>
    public string[] Names { get; } = names;

    /// <summary>The record of each kind.</summary>
    public Type[] Types { get; } = types;

    /// <summary>The kinds of a section's type; null where it has one kind only.</summary>
    public static ConfigKindsAttribute? Of(Type type) => type.GetCustomAttribute<ConfigKindsAttribute>(inherit: false);

    /// <summary>The record of a kind; null where there is no such kind.</summary>
    /// <param name="name">The kind's word; null for the first.</param>
    public Type? TypeOf(string? name) => name is null ? Types[0] : Array.IndexOf(Names, name) is >= 0 and var at ? Types[at] : null;

    /// <summary>The word to write for a record; null for the first kind, which needs none.</summary>
    public string? NameOf(Type type) => Array.IndexOf(Types, type) is > 0 and var at ? Names[at] : null;
}

/// <summary>Writes and reads a section of several kinds as JSON.</summary>
internal sealed class ConfigKindsConverter<T> : JsonConverter<T>
    where T : class
{
    private static readonly ConfigKindsAttribute Kinds = ConfigKindsAttribute.Of(typeof(T))!;

    /// <inheritdoc/>
    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (JsonNode.Parse(ref reader) is not JsonObject section)
            throw new JsonException("it must be an object with keys");
        string? name = null;
        if (TakeKind(section) is { } told)
        {
            name = told is JsonValue value && value.TryGetValue<string>(out var text) ? text : told.ToJsonString();
        }
        var type = Kinds.TypeOf(name) ?? throw new JsonException($"the kind '{name}' is none of {string.Join(", ", Kinds.Names)}");
        return (T?)section.Deserialize(type, options);
    }

    // The node that tells the kind, which is no key of the record; null where there is none.
    private static JsonNode? TakeKind(JsonObject section)
    {
        try
        {
            if (!section.TryGetPropertyValue(ConfigKindsAttribute.Key, out var told))
                return null;
            section.Remove(ConfigKindsAttribute.Key);
            return told ?? throw new JsonException($"the kind 'null' is none of {string.Join(", ", Kinds.Names)}");
        }
        catch (ArgumentException e)
        {
            // Nodes take keys apart only when they are asked for one, and refuse two of one name in a way of their own.
            throw new JsonException("a key is there twice", e);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        var section = JsonSerializer.SerializeToNode(value, value.GetType(), options)!.AsObject();
        if (Kinds.NameOf(value.GetType()) is { } name)
            section.Insert(0, ConfigKindsAttribute.Key, name);
        section.WriteTo(writer, options);
    }
}
