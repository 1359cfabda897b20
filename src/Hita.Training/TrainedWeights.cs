using Hita.Checkpoints;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Which of a tokenizer's parameters a training keeps, and which of them it changes.</summary>
internal static class TrainedWeights
{
    private static readonly string[] EncoderParts = ["encoder", "encode_transformer", "quant_conv", "pre_slots_quant", "quantize", "slot_quantize"];

    /// <summary>Whether a child of the network, or the child that a parameter belongs to, makes codes out of images.</summary>
    public static bool IsEncoder(string name) => EncoderParts.Contains(name.Split('.')[0], StringComparer.Ordinal);

    /// <summary>All parameters but the semantic encoder's, which training never changes.</summary>
    public static IReadOnlyDictionary<string, Tensor> Kept(TokenizerModel model) =>
        model.Parameters().Where(static p => !TokenizerNames.IsSemantic(p.Key)).ToDictionary(StringComparer.Ordinal);

    /// <summary>The parameters that a scope trains, which alone are set to need gradients.</summary>
    public static IReadOnlyDictionary<string, Tensor> Choose(IReadOnlyDictionary<string, Tensor> kept, TokenizerScope scope)
    {
        var trained = kept.Where(p => scope == TokenizerScope.All || !IsEncoder(p.Key)).ToDictionary(StringComparer.Ordinal);
        foreach (var (name, parameter) in kept)
            parameter.requires_grad_(trained.ContainsKey(name));
        return trained;
    }
}
