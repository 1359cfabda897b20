using Hita.Checkpoints;
using Hita.Layers;

namespace Hita.Tokenization.Model;

/// <summary>The names and shapes of a tokenizer's tensors, known without memory for them, and the presets that fit a file.</summary>
internal static class TokenizerShapes
{
    /// <summary>All tensors of the parts.</summary>
    public static IReadOnlyDictionary<string, long[]> Of(TokenizerConfig config, TokenizerParts parts = TokenizerParts.All)
    {
        using var model = new TokenizerModel(config, parts, Placement.Meta);
        return model.Parameters().ToDictionary(static p => p.Key, static p => p.Value.shape, StringComparer.Ordinal);
    }

    /// <summary>The presets whose tensors are exactly these; a semantic encoder may be absent.</summary>
    public static IReadOnlyList<TokenizerConfig> Fitting(IReadOnlyDictionary<string, TensorEntry> tensors)
    {
        var fitting = new List<TokenizerConfig>();
        foreach (var name in TokenizerPresets.Names)
        {
            // Building even an empty network takes a moment: most presets are told apart by two shapes.
            if (TokenizerPresets.TryGet(name, out var config) &&
                ShapeFit.Has(tensors, "encoder.conv_in.bias", config.BaseChannels) &&
                ShapeFit.Has(tensors, "quantize.embedding.weight", config.CodebookSize, config.PatchCodeDimensions) &&
                ShapeFit.IsExact(Of(config), tensors, TokenizerTensorNames.IsSemantic, TokenizerTensorNames.IsDropped))
            {
                fitting.Add(config);
            }
        }
        return fitting;
    }
}
