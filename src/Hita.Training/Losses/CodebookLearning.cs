using Hita.Runtime;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Training.Losses;

// B batch, T tokens, d dimensions of a code, V entries.

/// <summary>Features that went through a quantizer while it learns.</summary>
/// <param name="Features">The features at unit length, [B, T, d].</param>
/// <param name="Vectors">The chosen entries, with the gradient of the features at unit length, [B, T, d].</param>
/// <param name="Codes">int64 [B, T].</param>
/// <param name="Codebook">Mean squared distance that moves the entries.</param>
/// <param name="Commitment">Mean squared distance that moves the features, not yet weighted.</param>
/// <param name="Entropy">The entropy term, not yet weighted; null where it has no weight.</param>
internal sealed record QuantizedFeatures(Tensor Features, Tensor Vectors, Tensor Codes, Tensor Codebook, Tensor Commitment, Tensor? Entropy);

/// <summary>Quantizes with the losses that teach both sides.</summary>
internal static class CodebookLearning
{
    /// <summary>Quantizes features [B, T, d] in float32.</summary>
    public static QuantizedFeatures Quantize(VectorQuantizer quantizer, Tensor features, CodebookOptions options)
    {
        using var scope = NewDisposeScope();
        var z = VectorQuantizer.Unit(features.to(ScalarType.Float32)); // [B, T, d]
        Tensor codes;
        using (no_grad())
            codes = quantizer.Encode(features);
        var entries = quantizer.Decode(codes); // [B, T, d]
        var codebook = nn.functional.mse_loss(entries, z.detach());
        var commitment = nn.functional.mse_loss(z, entries.detach());
        var entropy = options.EntropyWeight > 0 ? Entropy(quantizer, z, options.EntropyTemperature) : null;
        // The value is the entry's, the gradient passes to the features as if nothing had been replaced.
        var vectors = z.Plus(entries.Minus(z).detach());
        return new QuantizedFeatures(
            z.MoveToOuterDisposeScope(), vectors.MoveToOuterDisposeScope(), codes.MoveToOuterDisposeScope(),
            codebook.MoveToOuterDisposeScope(), commitment.MoveToOuterDisposeScope(), entropy?.MoveToOuterDisposeScope());
    }

    // The mean entropy of each feature's choice minus the entropy of the mean choice: small where choices are decided and varied.
    private static Tensor Entropy(VectorQuantizer quantizer, Tensor z, double temperature)
    {
        var flat = z.reshape(-1, z.size(2)); // [B·T, d]
        var entries = VectorQuantizer.Unit(quantizer.Table);
        // Of unit vectors, −‖z − e‖² is 2·z·e but for a constant, which the softmax ignores.
        var logits = nn.functional.linear(flat, entries).Times(2 / temperature); // [B·T, V]
        var (choice, logChoice) = (logits.softmax(1), logits.log_softmax(1));
        var single = choice.Times(logChoice).sum(1).mean().Times(-1);
        var mean = choice.mean([0L]);
        return single.Plus(mean.Times(mean.Plus(1e-5).log()).sum());
    }
}
