using System.Text.Json;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>What kind of model a configuration describes, told by its <c>model_type</c> before the rest is read.</summary>
public static class ModelType
{
    /// <summary>Reads the kind; null where the text is no object or has none.</summary>
    /// <param name="configJson">The text of a <c>config.json</c>.</param>
    public static string? Of(string configJson)
    {
        try
        {
            using var document = JsonDocument.Parse(configJson, new JsonDocumentOptions { MaxDepth = 32, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.ValueKind == JsonValueKind.Object &&
                document.RootElement.TryGetProperty("model_type", out var type) && type.ValueKind == JsonValueKind.String
                ? type.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Refuses a configuration of another kind, so that the message is about the kind and not about its keys.</summary>
    /// <param name="configJson">The text.</param>
    /// <param name="folder">Where it came from.</param>
    /// <param name="wanted">The kind needed.</param>
    /// <exception cref="CheckpointException">The kind is another one.</exception>
    public static void Require(string configJson, string folder, string wanted)
    {
        var found = Of(configJson);
        if (found is not null && found != wanted)
            throw new CheckpointException(folder, $"this folder holds a {found} where a {wanted} is needed.");
    }
}
