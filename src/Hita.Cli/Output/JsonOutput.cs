using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hita.Cli.Output;

/// <summary>Results for programs: indented JSON, snake_case keys, nulls written out, text not escaped beyond need.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Settings = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // An error that is not a number, or the PSNR of equal images, is a result too.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
    };

    public static void Write<T>(Terminal terminal, T result) => terminal.Out.Write(JsonSerializer.Serialize(result, Settings) + Environment.NewLine);
}
