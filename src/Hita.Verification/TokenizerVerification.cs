using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Verification;

/// <summary>Compares every stage of encoding and decoding.</summary>
internal static class TokenizerVerification
{
    /// <summary>Compares the sizes that the file holds, <c>64.…</c> and so on; the vanilla file has one size and no prefix.</summary>
    public static void Run(ITensorSource vectors, TokenizerModel model, StageComparer comparer)
    {
        var prefixes = vectors.Tensors.Keys
            .Where(static k => k == "image" || k.EndsWith(".image", StringComparison.Ordinal))
            .Select(static k => k[..^"image".Length])
            .OrderBy(static p => int.TryParse(p.TrimEnd('.'), out var size) ? size : 0).ThenBy(static p => p, StringComparer.Ordinal);
        foreach (var prefix in prefixes)
            RunSize(vectors, model, comparer, prefix);
    }

    private static void RunSize(ITensorSource vectors, TokenizerModel model, StageComparer comparer, string prefix)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        vectors.Require(prefix + "image", rank: 4);
        var image = vectors.FloatTensor(prefix + "image");
        if (image.size(1) != 3 || image.size(0) == 0)
            throw new CheckpointException(vectors.Path, $"'{prefix}image' is {image.ShapeText()}, and images are [B, 3, H, W].");
        ImageShape.Check(image.size(2), image.size(3), model.Config);
        var features = model.Features(image);
        CompareIfAny(prefix + "semantic_input", features.SemanticInput);
        CompareIfAny(prefix + "semantic_features", features.Semantic);
        comparer.Compare(prefix + "cnn_features", features.Cnn);
        CompareIfAny(prefix + "holistic_features", features.Holistic);
        comparer.Compare(prefix + "patch_features", features.Patches);
        CompareIfAny(prefix + "holistic_prequant", features.HolisticPrequant);
        comparer.Compare(prefix + "patch_prequant", features.PatchPrequant);
        comparer.Compare(prefix + "prequant", features.PatchPrequant);

        var (holisticCodes, patchCodes) = model.Quantize(features);
        if (holisticCodes is not null)
            comparer.CompareCodes(prefix + "holistic_indices", holisticCodes.ToInts(), StageComparer.CodeTolerance);
        var patchName = comparer.Has(prefix + "patch_indices") ? prefix + "patch_indices" : prefix + "indices";
        comparer.CompareCodes(patchName, patchCodes.ToInts(), StageComparer.CodeTolerance);

        // From the given codes, so that one code that fell the other way does not spoil the rest.
        var size = model.Config.CodebookSize;
        var holistic = holisticCodes is null ? null : vectors.CodeTensor(prefix + "holistic_indices", size, holisticCodes.shape);
        var patches = vectors.CodeTensor(patchName, size, patchCodes.shape);
        var (height, width) = (image.size(2) / model.Config.PatchSize, image.size(3) / model.Config.PatchSize);
        var (holisticVectors, patchVectors) = model.Dequantize(holistic, patches, height, width);
        CompareIfAny(prefix + "holistic_quant", holisticVectors);
        comparer.Compare(prefix + "patch_quant", patchVectors);
        var fused = model.Fuse(holisticVectors, patchVectors);
        comparer.Compare(prefix + "fused", fused);
        comparer.Compare(prefix + "reconstruction", model.Decode(fused), StageComparer.ReconstructionTolerance);
        if (comparer.Has(prefix + "semantic_reconstruction"))
            comparer.Compare(prefix + "semantic_reconstruction", model.ReconstructSemantics(holisticVectors!));

        void CompareIfAny(string name, Tensor? actual)
        {
            if (actual is not null)
                comparer.Compare(name, actual);
        }
    }
}
