using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>A distance between images as a trained network sees them, which gradients flow through.</summary>
internal interface IPerceptualDistance : IDisposable
{
    /// <summary>The distance of each image to its reference, [B]; the gradient flows to the images only.</summary>
    /// <param name="images">float32 [B, 3, H, W] in [-1, 1].</param>
    /// <param name="references">The same shape.</param>
    Tensor Distances(Tensor images, Tensor references);
}
