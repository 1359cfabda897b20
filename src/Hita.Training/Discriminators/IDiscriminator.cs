using Hita.Runtime;
using Hita.Training.Ranks;
using static TorchSharp.torch;

namespace Hita.Training.Discriminators;

/// <summary>A network that tells true images from reconstructions.</summary>
internal interface IDiscriminator : IDisposable
{
    /// <summary>What is learned, by name.</summary>
    IReadOnlyDictionary<string, Tensor> Parameters { get; }

    /// <summary>What changes with every training pass beside it, by name: running statistics, spectral-norm vectors.</summary>
    IReadOnlyDictionary<string, Tensor> Buffers { get; }

    /// <summary>The logits of images, in training mode: high for true ones.</summary>
    /// <param name="images">float32 [B, 3, H, W] in [-1, 1].</param>
    /// <param name="random">Where random crops come from.</param>
    Tensor Judge(Tensor images, StepRandom random);

    /// <summary>
    /// From now on normalises batches by the statistics of all ranks' images, which judge equally many at the same time; without effect where
    /// the statistics are those of groups of a few images by design.
    /// </summary>
    /// <param name="exchange">The ranks.</param>
    void ShareStatistics(RankExchange exchange)
    {
    }
}
