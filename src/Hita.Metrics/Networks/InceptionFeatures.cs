namespace Hita.Metrics.Networks;

/// <summary>The features of a batch of images, as plain numbers, image after image.</summary>
public sealed class InceptionFeatures
{
    /// <summary>Pool features an image, for FID, precision and recall.</summary>
    public const int PoolWidth = 2048;

    /// <summary>Logits an image, for the Inception score.</summary>
    public const int ClassCount = 1008;

    /// <summary>Spatial features an image, for sFID: 17 rows, 17 columns, 7 channels, flattened in this order.</summary>
    public const int SpatialWidth = 17 * 17 * 7;

    internal InceptionFeatures(float[] pool, float[] unbiasedLogits, float[] logits, float[] spatial)
    {
        (Pool, UnbiasedLogits, Logits, Spatial) = (pool, unbiasedLogits, logits, spatial);
        Count = pool.Length / PoolWidth;
    }

    /// <summary>Images in the batch.</summary>
    public int Count { get; }

    /// <summary>The pool features, <see cref="PoolWidth"/> an image.</summary>
    public ReadOnlyMemory<float> Pool { get; }

    /// <summary>The logits without the last layer's bias, <see cref="ClassCount"/> an image: the ones for the Inception score.</summary>
    public ReadOnlyMemory<float> UnbiasedLogits { get; }

    /// <summary>The logits with the bias, <see cref="ClassCount"/> an image: the ones to classify by.</summary>
    public ReadOnlyMemory<float> Logits { get; }

    /// <summary>The spatial features, <see cref="SpatialWidth"/> an image, in the order of the published reference archives.</summary>
    public ReadOnlyMemory<float> Spatial { get; }
}
