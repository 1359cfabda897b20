using Hita.Checkpoints;
using Hita.Tokenization;

namespace Hita.Generation.Pipeline;

/// <summary>What a weight file holds.</summary>
public enum ModelKind
{
    /// <summary>Nothing this library knows.</summary>
    Unknown,

    /// <summary>An image tokenizer.</summary>
    Tokenizer,

    /// <summary>An autoregressive generator.</summary>
    Generator,

    /// <summary>A semantic encoder (DINOv2) by itself.</summary>
    SemanticEncoder,
}

/// <summary>Tells from the names of its tensors what a weight file holds.</summary>
public static class ModelKinds
{
    /// <summary>The kind of a file.</summary>
    /// <param name="source">The opened file.</param>
    public static ModelKind Of(ITensorSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        bool Has(string name) => source.Tensors.ContainsKey(name);
        if (Has("decoder.conv_in.weight") && Has("quantize.embedding.weight"))
            return ModelKind.Tokenizer;
        if (Has(GeneratorNames.ClassTable) && Has("tok_embeddings.weight"))
            return ModelKind.Generator;
        return Has("patch_embed.proj.weight") && Has("cls_token") ? ModelKind.SemanticEncoder : ModelKind.Unknown;
    }

    /// <summary>The names of the presets that a file's tensors fit exactly; empty where none does.</summary>
    /// <param name="source">The opened file.</param>
    public static IReadOnlyList<string> FittingPresets(ITensorSource source) => Of(source) switch
    {
        ModelKind.Tokenizer => [.. TokenizerShapes.Fitting(source.Tensors).Select(static c => c.Preset!)],
        ModelKind.Generator => [.. GeneratorShapes.Fitting(source.Tensors).Select(static c => c.Preset!)],
        _ => [],
    };

    /// <summary>The hash that codes and pictures made with these weights carry.</summary>
    /// <param name="source">The opened file.</param>
    public static string Fingerprint(ITensorSource source) =>
        WeightFingerprint.Of(source, Of(source) == ModelKind.Tokenizer ? TokenizerNames.IsIdentifying : null);

    /// <summary>Whether a tokenizer's file holds the semantic encoder too.</summary>
    internal static bool HasSemanticEncoder(ITensorSource source) => source.Tensors.Keys.Any(TokenizerNames.IsSemantic);
}
