using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Runtime;

namespace Hita.Server.Requests;

/// <summary>Reads and writes enums as words; a word that is none is answered with those that are.</summary>
internal sealed class WordConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(WordConverter<>).MakeGenericType(typeToConvert))!;

    private sealed class WordConverter<T> : JsonConverter<T>
        where T : struct, Enum
    {
        private static readonly T[] Values = Enum.GetValues<T>();

        // Underscores are read too.
        private static string Word(T value) => ApiJson.Word(value);

        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var words = string.Join(", ", Values.Select(Word));
            if (reader.TokenType != JsonTokenType.String)
                throw new JsonException($"a word is needed here, one of {words}");
            var text = reader.GetString()!;
            foreach (var value in Values)
            {
                if (Word(value) == text.Replace('_', '-') || (value is Precision.BFloat16 && text == "bf16"))
                    return value;
            }
            throw new JsonException($"the word must be one of {words}");
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Word(value));
    }
}
