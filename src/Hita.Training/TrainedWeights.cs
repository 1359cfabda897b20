using Hita.Checkpoints;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Which of a network's parameters a training keeps, and which of them it changes.</summary>
/// <param name="Kept">What is saved and averaged, by name.</param>
/// <param name="Trained">What the optimiser changes: all of it or a part.</param>
internal sealed record TrainedWeights(IReadOnlyDictionary<string, Tensor> Kept, IReadOnlyDictionary<string, Tensor> Trained)
{
    private static readonly string[] EncoderParts = ["encoder", "encode_transformer", "quant_conv", "pre_slots_quant", "quantize", "slot_quantize"];

    /// <summary>Whether a child of a tokenizer's network, or the child that a parameter belongs to, makes codes out of images.</summary>
    public static bool IsEncoder(string name) => EncoderParts.Contains(name.Split('.')[0], StringComparer.Ordinal);

    /// <summary>A network all of which is trained.</summary>
    public static TrainedWeights All(IReadOnlyDictionary<string, Tensor> parameters) => new(parameters, parameters);

    /// <summary>All parameters of a tokenizer but the semantic encoder's, which training never changes.</summary>
    public static IReadOnlyDictionary<string, Tensor> KeptOf(TokenizerModel model) =>
        model.Parameters().Where(static p => !TokenizerTensorNames.IsSemantic(p.Key)).ToDictionary(StringComparer.Ordinal);

    /// <summary>A tokenizer's <see cref="KeptOf"/>; those that a scope trains are set to need gradients, the others not to.</summary>
    public static TrainedWeights Of(TokenizerModel model, TokenizerScope scope)
    {
        var kept = KeptOf(model);
        var trained = kept.Where(p => scope == TokenizerScope.All || !IsEncoder(p.Key)).ToDictionary(StringComparer.Ordinal);
        foreach (var (name, parameter) in kept)
            parameter.requires_grad_(trained.ContainsKey(name));
        return new TrainedWeights(kept, trained);
    }
}
