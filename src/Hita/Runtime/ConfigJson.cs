using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Hita.Runtime;

/// <summary>How configurations are written to and read from JSON: snake_case keys, unknown keys are errors.</summary>
public static partial class ConfigJson
{
    /// <summary>The serializer's settings.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        WriteIndented = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 32,
    };

    /// <summary>Raised at every parse with where the text came from, so that tests can count them.</summary>
    internal static event Action<string>? Parsing;

    /// <summary>Writes a configuration as indented JSON that ends in a newline.</summary>
    public static string Write<T>(T config) => JsonSerializer.Serialize(config, Options) + "\n";

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where the text came from, for the message.</param>
    /// <exception cref="CheckpointException">The text is not JSON, misses a key, or has an unknown one.</exception>
    public static T Read<T>(string json, string source)
    {
        Parsing?.Invoke(source);
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options)
                ?? throw new CheckpointException(source, "the file holds null instead of a configuration.");
        }
        catch (JsonException e)
        {
            var at = string.IsNullOrEmpty(e.Path) || e.Path == "$" ? "" : $" at {e.Path}";
            throw new CheckpointException(source, $"this is not a configuration of this kind{at}: {Reason(e)}.", e);
        }
    }

    /// <summary>What a parser's message says, without the names and places inside this program.</summary>
    internal static string Reason(Exception fault)
    {
        // The parser quotes what it met, line breaks included.
        var text = string.Concat(fault.Message.Split(" Path:")[0].Split(" LineNumber:")[0].Select(static c => char.IsControl(c) ? ' ' : c)).TrimEnd('.');
        if (UnknownKey().Match(text) is { Success: true } unknown)
            return $"there is no key '{unknown.Groups[1].Value}'";
        if (WrongType().Match(text) is { Success: true } type)
            return Needed(type.Groups[1].Value);
        if (DigitForKey().IsMatch(text))
            return "a number is cut in two by a comma; decimals have a point, as in 1.5, and nothing stands between thousands";
        return MissingKeys().Match(text) is { Success: true } missing ? $"it misses {missing.Groups[1].Value.TrimEnd('.').Replace(";", ",", StringComparison.Ordinal)}" : text;
    }

    // The kind of value, without the name of a type inside this program.
    private static string Needed(string type) => type switch
    {
        "Single" or "Double" => "a number is needed here, with a point for decimals, as in 1.5",
        "Byte" or "Int16" or "Int32" or "Int64" or "UInt16" or "UInt32" or "UInt64" => "a whole number that fits is needed here",
        "Boolean" => "true or false is needed here",
        "String" => "a text is needed here",
        _ => "a value of another kind is needed here",
    };

    [GeneratedRegex(@"^The JSON value could not be converted to (?:System\.Nullable`1\[)?(?:[\w.]+\.)?(\w+)", RegexOptions.CultureInvariant)]
    private static partial Regex WrongType();

    [GeneratedRegex("^'[0-9]' is an invalid start of a property name", RegexOptions.CultureInvariant)]
    private static partial Regex DigitForKey();

    [GeneratedRegex("^The JSON property '(.*)' could not be mapped to any \\.NET member", RegexOptions.CultureInvariant)]
    private static partial Regex UnknownKey();

    [GeneratedRegex("was missing required properties including: (.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex MissingKeys();
}
