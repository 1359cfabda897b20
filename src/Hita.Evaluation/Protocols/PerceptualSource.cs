using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Evaluation.Protocols;

/// <summary>Measures LPIPS, or says why it cannot.</summary>
public sealed class PerceptualSource : IDisposable
{
    private readonly LpipsModel? _model;
    private readonly Device? _device;

    private PerceptualSource(LpipsModel? model, Device? device, string? fingerprint, string? absence) =>
        (_model, _device, Fingerprint, Absence) = (model, device, fingerprint, absence);

    /// <summary>Whether distances can be measured.</summary>
    public bool IsPresent => _model is not null;

    /// <summary>Identifies the weights; null where there are none.</summary>
    public string? Fingerprint { get; }

    /// <summary>Why there are no distances, and what to do about it; null where there are.</summary>
    public string? Absence { get; }

    /// <summary>Loads both files of weights.</summary>
    /// <param name="weights">
    /// A folder with the published or the imported files in it; <see cref="FeatureSource.ByName"/>; or null (or anything else) for the folder of
    /// metric weights. Missing files are no fault.
    /// </param>
    /// <param name="device">Where to compute: <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="HitaException">A file does not fit.</exception>
    public static PerceptualSource Open(string? weights = null, string device = "cpu")
    {
        var placement = Placement.For(device, Precision.Float32);
        if (weights == FeatureSource.ByName)
            return new PerceptualSource(LpipsWeights.ByName(placement), placement.Device, $"{FeatureSource.ByName}:lpips.", null);
        var folder = weights is not null && Directory.Exists(weights) ? weights : MetricWeights.Folder;
        if (MetricWeights.PathIn(folder, MetricWeights.Vgg16) is not { } vgg)
            return Without(MetricWeights.Absence(MetricWeights.Vgg16));
        if (MetricWeights.PathIn(folder, MetricWeights.LpipsHeads) is not { } heads)
            return Without(MetricWeights.Absence(MetricWeights.LpipsHeads));
        var model = LpipsWeights.Load(vgg, heads, placement);
        return new PerceptualSource(model, placement.Device, WeightFingerprint.Of(model.Parameters()), null);
    }

    /// <summary>No distances.</summary>
    /// <param name="reason">Why, in a sentence.</param>
    public static PerceptualSource Without(string reason) => new(null, null, null, reason);

    /// <summary>The distance of each image to its original.</summary>
    /// <param name="images">Images of one size, at least one.</param>
    /// <param name="originals">As many of the same size.</param>
    /// <exception cref="HitaException">There are no distances.</exception>
    public IReadOnlyList<double> Distances(IReadOnlyList<Image> images, IReadOnlyList<Image> originals)
    {
        if (_model is null)
            throw new HitaException(Absence!);
        using var frozen = inference_mode();
        using var scope = NewDisposeScope();
        var found = _model.Distances(ImageTensors.ToTensor(images).to(_device!), ImageTensors.ToTensor(originals).to(_device!));
        return [.. found.ToFloats().Select(static d => (double)d)];
    }

    /// <inheritdoc/>
    public void Dispose() => _model?.Dispose();
}
