using System.Text.Json;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>Tells which model an image comes from, by what it carries.</summary>
public static class ImageOrigin
{
    /// <summary>The hash of the tokenizer that decoded an image, whether it was generated or edited.</summary>
    /// <param name="path">The file.</param>
    /// <returns><see cref="Tokenization.ImageTokenizer.ModelHash"/>; null where the file does not say, is no PNG or cannot be read.</returns>
    public static string? TokenizerOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            var texts = PngText.Read(path);
            if (!texts.TryGetValue(ImageSettings.Keyword, out var text) && !texts.TryGetValue(ImageSettings.EditKeyword, out text))
                return null;
            using var settings = JsonDocument.Parse(text);
            return settings.RootElement.ValueKind == JsonValueKind.Object &&
                settings.RootElement.TryGetProperty("tokenizer", out var hash) && hash.ValueKind == JsonValueKind.String
                ? hash.GetString()
                : null;
        }
        catch (Exception e) when (e is HitaException or JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
