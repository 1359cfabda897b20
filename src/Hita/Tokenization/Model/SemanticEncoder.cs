using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

// B batch, T = grid² patches, C channels of a token.

/// <summary>
/// A frozen network that turns an image into tokens that say what is in it: one for the whole image, then one a patch in raster
/// order.
/// </summary>
/// <param name="name">The module's name.</param>
internal abstract class SemanticEncoder(string name) : nn.Module<Tensor, Tensor>(name)
{
    /// <summary>The tokens of images.</summary>
    /// <param name="image">float32 [B, 3, size, size], red, green and blue in [0, 1], as <see cref="SemanticInput.Resize"/> gives it.</param>
    /// <param name="type">The type in which the network computes.</param>
    /// <returns>[B, 1 + T, C].</returns>
    public abstract Tensor Tokens(Tensor image, ScalarType type);
}
