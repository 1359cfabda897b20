using Hita.Checkpoints;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

/// <summary>The weights of semantic encoders, which some tokenizers store and others find where they are kept.</summary>
internal static class SemanticWeights
{
    /// <summary>Fills a tokenizer's semantic encoder.</summary>
    /// <param name="model">The tokenizer.</param>
    /// <param name="file">The encoder's own file, open, which is closed here; null to find it where its kind is kept.</param>
    /// <exception cref="HitaException">The tokenizer has none, or the file is not there or does not fit.</exception>
    public static void Load(TokenizerModel model, ITensorSource? file = null)
    {
        if (model.SemanticEncoder is not { } encoder || model.Config.Holistic?.SemanticEncoder is not { } config)
        {
            using (file)
                throw new HitaException($"The tokenizer has no semantic encoder that {file?.Path ?? "a file"} could fill; leave the file out, or choose an architecture with one.");
        }
        using var source = config.OpenWeights(file);
        StrictLoader.Load(source, encoder.Parameters(), new LoadOptions
        {
            NameMap = static name => name.StartsWith(TokenizerTensorNames.SemanticEncoderPrefix, StringComparison.Ordinal)
                ? name[TokenizerTensorNames.SemanticEncoderPrefix.Length..]
                : name,
        });
    }

    /// <summary>The parameters that a tokenizer's folder holds.</summary>
    public static IReadOnlyDictionary<string, Tensor> Stored(TokenizerModel model)
    {
        var all = model.Parameters();
        return model.Config.Holistic?.SemanticEncoder is { IsStored: false }
            ? all.Where(static p => !TokenizerTensorNames.IsSemantic(p.Key)).ToDictionary(StringComparer.Ordinal)
            : all;
    }
}
