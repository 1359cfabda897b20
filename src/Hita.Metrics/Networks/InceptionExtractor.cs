using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Models;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>
/// Turns images of any size into the features that FID, sFID, the Inception score, precision and recall are computed from.
/// </summary>
/// <remarks>Safe for use from several threads at once, though one already uses all processors.</remarks>
public sealed class InceptionExtractor : IDisposable
{
    /// <summary>The end of the names of counters, which no weight is.</summary>
    internal const string Counter = "num_batches_tracked";

    private readonly InceptionModel _model;

    private InceptionExtractor(InceptionModel model, string fingerprint) => (_model, Fingerprint) = (model, fingerprint);

    /// <summary>Identifies the weights, for reports; see <see cref="WeightFingerprint"/>.</summary>
    public string Fingerprint { get; }

    /// <summary>Loads the network.</summary>
    /// <param name="path">
    /// The weights, 566 tensors under torch-fidelity's names, as <c>.pth</c> or safetensors; null looks for
    /// <see cref="MetricWeights.Inception"/> in the folder of metric weights.
    /// </param>
    /// <param name="device">Where to compute: <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="HitaException">
    /// The file is not there (the message says what to fetch and where to put it), does not fit, or there is no such device.
    /// </exception>
    public static InceptionExtractor Load(string? path = null, string device = "cpu")
    {
        var placement = Placement.For(device, Precision.Float32);
        using var source = WeightFile.Open(path ?? MetricWeights.Find(MetricWeights.Inception));
        var model = new InceptionModel(placement);
        try
        {
            StrictLoader.Load(source, model.Parameters(), new LoadOptions
            {
                NameMap = static name => name.EndsWith(Counter, StringComparison.Ordinal) ? null : name,
                Advice = static _ => $"the weights of this measure are {MetricWeights.Inception.FileName}, and no other Inception will do",
            });
            model.Fold();
            return new InceptionExtractor(model, WeightFingerprint.Of(source));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A network whose weights are made from their names: its features mean nothing, but are the same everywhere, for trying
    /// out a pipeline without the file and for comparing implementations.
    /// </summary>
    /// <param name="prefix">Put before each name.</param>
    /// <param name="device">Where to compute.</param>
    public static InceptionExtractor ByName(string prefix = "inception.", string device = "cpu")
    {
        var model = new InceptionModel(Placement.For(device, Precision.Float32));
        model.FillByName(prefix);
        model.Fold();
        return new InceptionExtractor(model, $"by-name:{prefix}");
    }

    /// <summary>Computes the features of images.</summary>
    /// <param name="images">Images of one size, at least one. On a CPU, 8 at once are as fast as more and take 300 MiB while they are computed; a GPU likes 64.</param>
    /// <exception cref="ArgumentException">There is no image, or the sizes differ.</exception>
    public InceptionFeatures Extract(IReadOnlyList<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
            throw new ArgumentException("A batch needs at least one image.", nameof(images));
        var (width, height) = (images[0].Width, images[0].Height);
        using var scope = NewDisposeScope();
        var batch = empty([images.Count, height, width, Image.Channels], dtype: ScalarType.Byte);
        var bytes = batch.bytes;
        for (var i = 0; i < images.Count; i++)
        {
            if (images[i].Width != width || images[i].Height != height)
            {
                throw new ArgumentException(
                    $"A batch holds images of one size, not {width}×{height} and {images[i].Width}×{images[i].Height}.", nameof(images));
            }
            images[i].Pixels.CopyTo(bytes[(i * images[i].Pixels.Length)..]);
        }
        return Extract(batch.permute(0, 3, 1, 2));
    }

    /// <summary>Computes the features of a batch that is a tensor already.</summary>
    /// <param name="images">uint8 [B, 3, H, W], of any layout and device.</param>
    /// <exception cref="ArgumentException">The type or the shape is another.</exception>
    public InceptionFeatures Extract(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.dtype != ScalarType.Byte || images.Dimensions != 4 || images.size(1) != Image.Channels || images.numel() == 0)
            throw new ArgumentException($"A tensor {images.ShapeText()} of {images.dtype} does not hold images; uint8 [B, 3, H, W] does.", nameof(images));
        using var frozen = inference_mode();
        using var scope = NewDisposeScope();
        var outputs = _model.call(images);
        return new InceptionFeatures(
            outputs.Pool.ToFloats(), outputs.UnbiasedLogits.ToFloats(), outputs.Logits.ToFloats(), outputs.Spatial.ToFloats());
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => _model.Dispose();
}
