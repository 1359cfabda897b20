using Hita.Checkpoints;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

/// <summary>The values that a tokenizer starts its training from.</summary>
internal static class TokenizerInitializer
{
    /// <summary>Whether a tensor is one of the two codebooks.</summary>
    public static bool IsCodebook(string name) => name is "quantize.embedding.weight" or "slot_quantize.embedding.weight";

    /// <summary>Fills all parameters.</summary>
    /// <param name="model">The network, on any device but meta.</param>
    /// <param name="seed">The same seed gives the same values.</param>
    /// <remarks>
    /// Linear layers and convolutions take the framework's default (uniform within 1/√fan-in); the fusing transformer's linear
    /// layers are Xavier uniform with zero bias; queries and positions are N(0, 1)/√D; codebooks are uniform within 1/V, then of
    /// unit length; norms are ones and zeros. The semantic encoder is meant to be loaded; here it is N(0, 0.02).
    /// </remarks>
    public static void Initialize(TokenizerModel model, ulong seed)
    {
        using var frozen = no_grad();
        using var random = new Generator(seed);
        var parameters = model.Parameters();
        foreach (var (name, parameter) in parameters)
        {
            // A bias is drawn within the bound of its layer's weight.
            var weight = name.EndsWith(".bias", StringComparison.Ordinal) ? parameters[name[..^4] + "weight"] : parameter;
            Fill(name, parameter, weight.numel() / weight.shape[0], model.Config, random);
        }
    }

    private static void Fill(string name, Tensor target, long fanIn, TokenizerConfig config, Generator random)
    {
        using var scope = NewDisposeScope();
        var shape = target.shape;
        var values = empty(shape, dtype: ScalarType.Float32);
        var last = name[(name.LastIndexOf('.') + 1)..];
        if (IsCodebook(name))
            values = VectorQuantizer.Unit(Uniform(values, 1.0 / config.CodebookSize, random));
        else if (name.Contains("pretrained_encoder.", StringComparison.Ordinal))
            FillSemantic(values, last, random);
        else if (shape.Length == 3)
            values.normal_(0, 1 / Math.Sqrt(shape[2]), random);
        else if (IsNorm(name, shape))
            values = last == "weight" ? ones_like(values) : zeros_like(values);
        else if (name.StartsWith("decode_transformer.", StringComparison.Ordinal))
            values = last == "bias" ? zeros_like(values) : Uniform(values, Math.Sqrt(6.0 / (shape[0] + shape[1])), random);
        else
            values = Uniform(values, 1 / Math.Sqrt(fanIn), random);
        target.copy_(values).DetachFromDisposeScope();
    }

    private static Tensor Uniform(Tensor values, double bound, Generator random) => values.uniform_(-bound, bound, random);

    private static void FillSemantic(Tensor values, string last, Generator random)
    {
        if (last == "gamma" || (last == "weight" && values.Dimensions == 1))
            values.fill_(Runtime.TensorOps.Constant(1L));
        else if (last == "bias")
            values.zero_();
        else
            values.normal_(0, 0.02, random);
    }

    private static bool IsNorm(string name, long[] shape)
    {
        if (shape.Length != 1)
            return false;
        var parent = name.Split('.')[^2];
        return parent.StartsWith("norm", StringComparison.Ordinal) ||
            (name.Contains(".proj.mlp.", StringComparison.Ordinal) && parent is "1" or "4");
    }
}
