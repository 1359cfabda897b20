using Hita.Server.Requests;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Hita.Server.Web;

/// <summary>The OpenAPI document of this server's routes.</summary>
internal static class ApiDocument
{
    /// <summary>Its name, and the group of the routes in it.</summary>
    public const string Name = "v1";

    public static void Configure(OpenApiOptions options)
    {
        // A program around may have documents and routes of its own.
        options.ShouldInclude = static description => description.GroupName == Name;
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Hita server",
                Version = "v1",
                Description = "Generates and edits images by Hita models: OpenAI's images API under /v1, the server's own under /api/v1.",
            };
            // The address under which it was asked for is the client's matter.
            document.Servers = [];
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer(static (schema, context, _) =>
        {
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            if (type == typeof(Upload))
                Set(schema, JsonSchemaType.String, "byte", "A file: base64 or a data URL in JSON, a file of its own in a form.");
            else if (type == typeof(ClassWords))
                Set(schema, JsonSchemaType.String | JsonSchemaType.Integer | JsonSchemaType.Array, null, "A class's number or name, several separated by commas, or a list of them.");
            else if (type.IsEnum)
                SetWords(schema, type);
            return Task.CompletedTask;
        });
    }

    private static void Set(OpenApiSchema schema, JsonSchemaType type, string? format, string description)
    {
        schema.Type = type;
        schema.Format = format;
        schema.Description = description;
        schema.Properties = null;
        schema.Required = null;
    }

    private static void SetWords(OpenApiSchema schema, Type type)
    {
        schema.Type = JsonSchemaType.String;
        schema.Enum = [.. Enum.GetValues(type).Cast<Enum>().Select(static v => (System.Text.Json.Nodes.JsonNode)Words.Of(v))];
    }

    private static class Words
    {
        public static string Of(Enum value) => value is OpenAi.ResponseFormatWord.B64Json ? "b64_json" : ApiJson.Word(value);
    }
}
