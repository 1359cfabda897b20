using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Losses;

/// <summary>How well the holistic codes alone tell what the semantic encoder sees (Hita-U).</summary>
internal static class SemanticLoss
{
    /// <summary>1 − cosine over channels, averaged.</summary>
    /// <param name="reconstruction">[B, 256, width].</param>
    /// <param name="target">[B, 257, width]: the encoder's class token, which is not reconstructed, and its patches.</param>
    public static Tensor Of(Tensor reconstruction, Tensor target)
    {
        using var scope = NewDisposeScope();
        var patches = target.narrow(1, 1, target.size(1) - 1);
        var cosine = nn.functional.cosine_similarity(reconstruction.to(ScalarType.Float32), patches.to(ScalarType.Float32), 2, 1e-6);
        return cosine.mean().Times(-1).Plus(1).MoveToOuterDisposeScope();
    }
}
