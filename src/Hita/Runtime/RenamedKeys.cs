using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hita.Runtime;

/// <summary>Keys that older versions wrote under other names, so that their runs, token caches and images still open.</summary>
/// <remarks>A key that is renamed is added here; nothing else knows old names.</remarks>
internal static class RenamedKeys
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["pictures"] = "images",
        ["most_unreadable"] = "max_unreadable",
        ["most_skipped"] = "max_skipped",
        ["painting"] = "decoder_precision",
    };

    /// <summary>What a key is called now; null for one that was never renamed.</summary>
    /// <param name="key">The key as a file has it.</param>
    public static string? NameOf(string key) => Names.GetValueOrDefault(key);

    /// <summary>A text with all old keys under their present names; null where it has none, or is no JSON.</summary>
    /// <param name="json">The text.</param>
    /// <param name="options">How it is read.</param>
    public static string? Update(string json, JsonSerializerOptions options)
    {
        if (!Names.Keys.Any(k => json.Contains($"\"{k}\"", StringComparison.Ordinal)))
            return null;
        try
        {
            var root = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions
            {
                MaxDepth = options.MaxDepth,
                CommentHandling = options.ReadCommentHandling,
                AllowTrailingCommas = options.AllowTrailingCommas,
            });
            return Rename(root) ? root!.ToJsonString() : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // Not JSON, or a key that is there twice: the reader of the text as it is says so.
            return null;
        }
    }

    private static bool Rename(JsonNode? node)
    {
        var renamed = false;
        if (node is JsonObject map)
        {
            foreach (var (old, now) in Names)
            {
                if (map.ContainsKey(old) && !map.ContainsKey(now))
                {
                    var value = map[old];
                    map.Remove(old);
                    map[now] = value;
                    renamed = true;
                }
            }
            foreach (var (_, value) in map)
                renamed |= Rename(value);
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
                renamed |= Rename(item);
        }
        return renamed;
    }
}
