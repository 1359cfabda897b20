using Hita.Evaluation.Protocols;
using Hita.Imaging;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Evaluation.Features;

/// <summary>
/// A network other than FID's whose features two sets of images are compared by. What is measured with it has a name of its own,
/// and is never compared with FID or with another network's.
/// </summary>
public abstract class FeatureNetwork : IDisposable
{
    /// <summary>The side of the images that it takes, in pixels.</summary>
    public const int InputSize = 224;

    /// <summary>The networks by name.</summary>
    public static IReadOnlyList<string> Names { get; } = ["resnet18", "mobilenet2"];

    private protected FeatureNetwork()
    {
    }

    /// <summary>Its name, one of <see cref="Names"/>.</summary>
    public abstract string Name { get; }

    /// <summary>How it measures.</summary>
    public abstract EvaluationProtocol Protocol { get; }

    /// <summary>D, features an image.</summary>
    public abstract int Width { get; }

    /// <summary>Logits an image; 0 where it has no classifier.</summary>
    public abstract int ClassCount { get; }

    /// <summary>Identifies the weights, for reports.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>Loads a network.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="weights">Its weights; null finds those of ResNet-18 by themselves, and those of MobileNetV2 have to be named.</param>
    /// <param name="device">Where to compute: <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="HitaException">There is no such network, or its weights are not there or are another network's.</exception>
    public static FeatureNetwork Load(string name, string? weights = null, string device = "cpu") => name switch
    {
        "resnet18" => ResNet18Features.Open(weights, device),
        "mobilenet2" => MobileNet2Features.Open(
            weights ?? throw new HitaException("MobileNetV2 is read from a TensorFlow Lite file, which does not come with Hita; name one with --weights."), device),
        _ => throw new HitaException($"There is no feature network '{name}'; there are {string.Join(", ", Names)}."),
    };

    /// <summary>The features of images.</summary>
    /// <param name="images">At least one. They are brought to 224 × 224 pixels by Pillow's antialiased bicubic filter, in 8 bits.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public NetworkFeatures Extract(IReadOnlyList<Image> images)
    {
        Check(images);
        using var frozen = inference_mode();
        using var scope = NewDisposeScope();
        return Run(Inputs(images));
    }

    /// <summary>What is where in images, and what their textures and colours are.</summary>
    /// <param name="images">At least one; brought to 224 × 224 pixels as for <see cref="Extract"/>.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public IReadOnlyList<ContentAndStyle> Describe(IReadOnlyList<Image> images)
    {
        Check(images);
        using var frozen = inference_mode();
        using var scope = NewDisposeScope();
        var (map, style) = Maps(Inputs(images));
        var content = nn.functional.normalize(map, dim: 1).flatten(1);                          // [B, C·H·W]
        var grams = cat([.. style.Select(Gram)], dim: 1);                                       // [B, ΣC²]
        return [.. Rows(content).Zip(Rows(grams), static (c, g) => new ContentAndStyle(c, g))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>The features of images [B, 3, 224, 224] in [-1, 1].</summary>
    private protected abstract NetworkFeatures Run(Tensor images);

    /// <summary>Maps of images [B, 3, 224, 224] in [-1, 1]: a deep one, and shallow ones, [B, C, H, W] each.</summary>
    private protected abstract (Tensor Content, Tensor[] Style) Maps(Tensor images);

    /// <summary>Frees the weights.</summary>
    private protected abstract void Free();

    private static void Check(IReadOnlyList<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
            throw new ArgumentException("A batch needs at least one image.", nameof(images));
    }

    private static Tensor Inputs(IReadOnlyList<Image> images) =>
        ImageTensors.ToTensor([.. images.Select(static p => SampleDecoder.ToSize(p, InputSize))]);

    private static IEnumerable<float[]> Rows(Tensor matrix) => matrix.ToFloats().Chunk((int)matrix.size(1));

    // [B, C, H, W] → how much channels occur together, wherever that is: [B, C²].
    private static Tensor Gram(Tensor map)
    {
        using var scope = NewDisposeScope();
        var x = map.flatten(2);                                                                  // [B, C, H·W]
        return bmm(x, x.transpose(1, 2)).Times(1.0 / x.size(2)).flatten(1).MoveToOuterDisposeScope();
    }
}
