using Hita.Runtime;

namespace Hita.Hub;

/// <summary>A published pipeline: two files of a repository, which are imported together.</summary>
/// <param name="Name">Its short name, for example <c>ultra-l-250e</c>.</param>
/// <param name="Repository">The repository.</param>
/// <param name="Generator">The generator's file.</param>
/// <param name="GeneratorPreset">Its architecture.</param>
/// <param name="Tokenizer">The tokenizer's file.</param>
/// <param name="TokenizerPreset">Its architecture.</param>
public sealed record PublishedModel(string Name, string Repository, string Generator, string GeneratorPreset, string Tokenizer, string TokenizerPreset);

/// <summary>The published pipelines that are known by name.</summary>
public static class PublishedModels
{
    /// <summary>The repository of Hita's authors.</summary>
    public const string Hita = "yexiguafu/hita-gen";

    /// <summary>The repository of the vanilla family.</summary>
    public const string LlamaGen = "FoundationVision/LlamaGen";

    /// <summary>The repository of the semantic encoder that Hita's tokenizers look through: DINOv2, ViT-L/14 with four registers, by its authors.</summary>
    public const string Dinov2 = "facebook/dinov2-with-registers-large";

    /// <summary>The short name of <see cref="Dinov2"/>.</summary>
    public const string Dinov2Name = "dinov2";

    /// <summary>All of them. Of those that differ in the length of training alone, the longer one comes later.</summary>
    public static IReadOnlyList<PublishedModel> All { get; } =
    [
        .. Family("vanilla", "hita-tok.pt", "hita-v", ("B", ["50e", "300e"]), ("L", ["50e", "300e"]), ("XL", ["50e"]), ("XXL", ["50e"]), ("2B", ["50e"])),
        .. Family("ultra", "hita-ultra.pt", "hita-u", ("B", ["50e", "250e"]), ("L", ["50e", "250e"]), ("XL", ["50e", "100e"]), ("XXL", ["50e", "100e"]), ("2B", ["50e", "100e"])),
        .. Vanilla("256", "B", "L"),
        .. Vanilla("384", "B", "L", "XL", "XXL", "3B"),
    ];

    /// <summary>The one that a name means, with its epochs or without, which means the longest training.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="name">The name, as in <c>ultra-l</c> or <c>ultra-l-50e</c>.</param>
    /// <exception cref="HitaException">There is none; the message lists what there is.</exception>
    public static PublishedModel Find(string repository, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var all = All.Where(m => m.Repository.Equals(repository, StringComparison.OrdinalIgnoreCase)).ToList();
        if (all.Count == 0)
            throw new HitaException($"The presets of {repository} are not known; name its files with --file.");
        return all.FindLast(m => m.Name == name) ?? all.FindLast(m => m.Name.StartsWith($"{name}-", StringComparison.Ordinal) && IsEpochs(m.Name[(name.Length + 1)..])) ?? throw new HitaException(
            $"{repository} has no preset '{PrintableText.Escape(name)}'; it has {string.Join(", ", all.Select(static m => m.Name))}.");
    }

    /// <summary>What a semantic encoder's short name means, as a name on the hub; any other text itself.</summary>
    /// <param name="text">A file, a name on the hub, or <see cref="Dinov2Name"/>.</param>
    public static string? SemanticEncoder(string? text) => text == Dinov2Name && !Path.Exists(text) ? HubReference.Scheme + Dinov2 : text;

    private static bool IsEpochs(string text) => text.Length > 1 && text[^1] == 'e' && text[..^1].All(char.IsAsciiDigit);

    private static IEnumerable<PublishedModel> Family(string family, string tokenizer, string preset, params (string Size, string[] Epochs)[] sizes) =>
        from size in sizes
        from epochs in size.Epochs
        select new PublishedModel(
            $"{family}-{Lower(size.Size)}-{epochs}", Hita, $"{family}/GPT-{size.Size}/GPT-{size.Size}-{epochs}.pt", $"hita-{Lower(size.Size)}",
            $"{family}/tokenizer/{tokenizer}", preset);

    private static IEnumerable<PublishedModel> Vanilla(string pixels, params string[] sizes) => sizes.Select(size => new PublishedModel(
        $"{Lower(size)}-{pixels}", LlamaGen, $"c2i_{size}_{pixels}.pt", $"llamagen-{Lower(size)}{(pixels == "256" ? "-256" : "")}", "vq_ds16_c2i.pt", "llamagen-vq16"));

    private static string Lower(string size) => size.ToLowerInvariant();
}
