using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Editing;

/// <summary>
/// What an edited image carries in its PNG text, under <see cref="ImageSettings.EditKeyword"/>: with the input images, all that is
/// needed to make it again.
/// </summary>
/// <param name="Edit">The command.</param>
/// <param name="Tokenizer">The tokenizer's hash.</param>
/// <param name="Generator">The generator's hash; null where none took part.</param>
/// <param name="Precision">The type of the generator's weights; null where none took part.</param>
/// <param name="Inputs">The images by name, with the SHA-256 of their pixels.</param>
/// <param name="Settings">The command's settings.</param>
public sealed record EditSettings(
    string Edit, string Tokenizer, string? Generator, string? Precision, IReadOnlyList<EditInput> Inputs, object Settings)
{
    // One line: the text has to pass through tools that break long ones.
    private static readonly JsonSerializerOptions Json = new(ConfigJson.Options) { WriteIndented = false };

    /// <summary>The settings as one line of JSON.</summary>
    public string ToText() => JsonSerializer.Serialize(this, Json);
}

/// <summary>An image that an edit was made of.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Sha256">The hash of the decoded pixels.</param>
public sealed record EditInput(string Name, string Sha256)
{
    /// <summary>Where it was read from, which is nothing for the record; empty where that is no file.</summary>
    [JsonIgnore]
    public string File { get; init; } = "";

    /// <summary>The record of an image.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="image">The image.</param>
    public static EditInput Of(string name, Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return new EditInput(name, Convert.ToHexStringLower(SHA256.HashData(image.Pixels)));
    }
}
