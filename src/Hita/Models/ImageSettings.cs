using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Models;

/// <summary>What a generated image carries in its PNG text: all that is needed to make it again.</summary>
public sealed record ImageSettings
{
    /// <summary>The keyword of the PNG text.</summary>
    public const string Keyword = "hita";

    /// <summary>The keyword of the PNG text of edited images, which says how one was edited and of what.</summary>
    public const string EditKeyword = "hita-edit";

    /// <summary>The version that is written, and the newest that is understood.</summary>
    public const int CurrentVersion = 2;

    private const string Writer = "'hita generate'";

    // One line: the text has to pass through tools that break long ones.
    private static readonly JsonSerializerOptions Json = new(ConfigJson.Options) { WriteIndented = false };

    /// <summary>The version of these settings: 2 where <see cref="DecoderPrecision"/> is not float32, otherwise 1, as in texts without one.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The generator's hash, <see cref="ImageGenerator.ModelHash"/>.</summary>
    public required string Generator { get; init; }

    /// <summary>The tokenizer's hash, <see cref="ImageTokenizer.ModelHash"/>.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>The class, by number.</summary>
    public required int Class { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The image's number under the seed, from 0.</summary>
    public required long Image { get; init; }

    /// <summary>The type of the generator's weights.</summary>
    public required Precision Precision { get; init; }

    /// <summary>The type of the tokenizer's weights. Default float32, also for texts that do not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Precision DecoderPrecision { get; init; }

    /// <summary>What computed the steps; never <see cref="GeneratorEngine.Auto"/> when written.</summary>
    public GeneratorEngine Engine { get; init; } = GeneratorEngine.Cpu;

    /// <summary>The boundary mode.</summary>
    public required BoundaryMode Boundary { get; init; }

    /// <summary>Temperature, filters and guidance.</summary>
    public required SamplingOptions Sampling { get; init; }

    /// <summary>Sixteen hexadecimal digits that tell the sampled codes, <see cref="HashOf"/>; null where they were not noted.</summary>
    public string? Codes { get; init; }

    /// <summary>Threads of the tensor library that decoded it, whose number rounds a few pixels otherwise; null where not noted.</summary>
    public int? Threads { get; init; }

    /// <summary>The settings as one line of JSON.</summary>
    public string ToText() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads the settings of an image.</summary>
    /// <param name="path">A PNG file.</param>
    /// <exception cref="ImageException">The file is no PNG, carries no settings, or they are damaged or too new.</exception>
    public static ImageSettings Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var texts = PngText.Read(path);
        if (texts.TryGetValue(Keyword, out var text))
            return Parse(text, path);
        throw new ImageException(path, texts.ContainsKey(EditKeyword)
            ? $"It is an edited image: its text '{EditKeyword}' holds the command and all settings, with which the edit is made again from its input images."
            : $"It carries no settings: it was not decoded by {Writer} as an image of its own, or another program has saved it since and dropped them.");
    }

    /// <summary>Reads settings from their text.</summary>
    /// <param name="text">The JSON.</param>
    /// <param name="path">The image it comes from, for messages.</param>
    /// <exception cref="ImageException">The settings are damaged, impossible, or too new.</exception>
    public static ImageSettings Parse(string text, string path)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            // The version first: a newer text may hold keys that are not known here.
            var version = VersionOf(text);
            if (version is < 1 or > CurrentVersion)
            {
                throw new ImageException(
                    path, $"Its settings are of version {version}, and this program understands up to {CurrentVersion}; use the version of Hita that decoded it, or a newer one.");
            }
            var settings = JsonSerializer.Deserialize<ImageSettings>(text, Json) ?? throw new JsonException("null stands where settings are expected");
            settings.Sampling.Validate();
            return settings;
        }
        catch (Exception e) when (e is JsonException or ConfigException or InvalidOperationException)
        {
            throw new ImageException(path, $"The settings it carries are damaged or were changed: {ConfigJson.Reason(e)}.", e);
        }
    }

    /// <summary>Tells codes: XXH64 over the holistic, then the patch codes, as 32-bit integers.</summary>
    /// <param name="codes">The codes.</param>
    /// <returns>Sixteen hexadecimal digits.</returns>
    public static string HashOf(ImageCodes codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        int[] all = [.. codes.Holistic, .. codes.Patches];
        return Convert.ToHexStringLower(XxHash64.Hash(MemoryMarshal.AsBytes<int>(all)));
    }

    /// <summary>The request that samples this image.</summary>
    public GenerationRequest ToRequest() => new()
    {
        Classes = [Class],
        Seed = Seed,
        FirstImage = Image,
        Sampling = Sampling,
        Boundary = Boundary,
        BatchSize = 1,
    };

    private static int VersionOf(string text)
    {
        using var document = JsonDocument.Parse(text);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new JsonException("they are not a JSON object");
        return document.RootElement.TryGetProperty("version", out var version)
            ? version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out var number) ? number : throw new JsonException("their version is not a number")
            : 1;
    }
}
