using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Editing;
using Hita.Runtime;

namespace Hita.Server.Requests;

/// <summary>How requests are read and answers written: unknown and doubled fields are errors, numbers are strict.</summary>
internal static class ApiJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        MaxDepth = 16,
        // Answers are read as JSON, never as a page: the content type and nosniff see to that.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new WordConverterFactory() },
    };

    /// <summary>An enum's word, as on the command line: its parts are joined by hyphens.</summary>
    public static string Word(Enum value) => value is StyleOrder.MaxDifferent ? "most-different" : EnumWords.Of(value).Replace('_', '-');

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);
}
