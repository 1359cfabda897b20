using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hita.Server.Requests;

/// <summary>Classes as a request names them: a number, a text with names or numbers separated by commas, or a list of such.</summary>
/// <param name="texts">Each as the command line takes it.</param>
[JsonConverter(typeof(ClassWordsConverter))]
internal sealed class ClassWords(IReadOnlyList<string> texts)
{
    public IReadOnlyList<string> Texts { get; } = texts;
}

/// <summary>Reads classes.</summary>
internal sealed class ClassWordsConverter : JsonConverter<ClassWords>
{
    private const string Needed = "a class is needed here: a number, a name, several separated by commas, or a list of them";

    public override ClassWords Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return new ClassWords([One(ref reader)]);
        var texts = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            texts.Add(One(ref reader));
        return new ClassWords(texts);
    }

    public override void Write(Utf8JsonWriter writer, ClassWords value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.Texts, options);

    private static string One(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString()!,
        JsonTokenType.Number when reader.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
        _ => throw new JsonException(Needed),
    };
}
