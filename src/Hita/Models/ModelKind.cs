using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Tokenization.Model;

namespace Hita.Models;

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

    /// <summary>The ResNet-18 of ML.NET's package by itself: a semantic encoder that is not stored with tokenizers.</summary>
    ResNet18,

    /// <summary>The Inception-v3 that FID and its kin read features from.</summary>
    Inception,

    /// <summary>torchvision's VGG16, which LPIPS stands on.</summary>
    Vgg16,

    /// <summary>The linear heads of LPIPS.</summary>
    LpipsHeads,

    /// <summary>A vision transformer of DINO's first release, which the DINO discriminator stands on.</summary>
    Dino,
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
        if (Has("patch_embed.proj.weight") && Has("cls_token"))
        {
            // The second release scales every branch, the first none.
            return Has("blocks.0.attn.qkv.weight") && !Has("blocks.0.ls1.gamma") && !Has("mask_token") ? ModelKind.Dino : ModelKind.SemanticEncoder;
        }
        if (ResNet18Weights.Is(source))
            return ModelKind.ResNet18;
        if (Has("Conv2d_1a_3x3.conv.weight") && Has("fc.weight"))
            return ModelKind.Inception;
        if (Has("lin0.model.1.weight"))
            return ModelKind.LpipsHeads;
        // Other networks of torchvision have layers of this name too, but none so small.
        return ShapeFit.Has(source.Tensors, "features.0.weight", 64, 3, 3, 3) && Has("features.2.weight") ? ModelKind.Vgg16 : ModelKind.Unknown;
    }

    /// <summary>The names of the presets that a file's tensors fit exactly; empty where none does.</summary>
    /// <param name="source">The opened file.</param>
    public static IReadOnlyList<string> FittingPresets(ITensorSource source) => Of(source) switch
    {
        ModelKind.Tokenizer => [.. TokenizerShapes.Fitting(source.Tensors).Select(static c => c.Preset!)],
        ModelKind.Generator => [.. GeneratorShapes.Fitting(source.Tensors).Select(static c => c.Preset!)],
        _ => [],
    };

    /// <summary>The hash that codes and images made with these weights carry.</summary>
    /// <param name="source">The opened file.</param>
    public static string Fingerprint(ITensorSource source) =>
        WeightFingerprint.Of(source, Of(source) == ModelKind.Tokenizer ? TokenizerTensorNames.IsIdentifying : null);

    /// <summary>Whether a tokenizer's file holds the semantic encoder too.</summary>
    internal static bool HasSemanticEncoder(ITensorSource source) => source.Tensors.Keys.Any(TokenizerTensorNames.IsSemantic);
}
