using Hita.Runtime;

namespace Hita.Evaluation.Metrics;

/// <summary>A weight file that a measure needs and that is not part of this product.</summary>
/// <param name="FileName">Its published name.</param>
/// <param name="Purpose">The measures that need it, for messages.</param>
/// <param name="Origin">Who distributes it, for messages.</param>
public sealed record MetricWeightFile(string FileName, string Purpose, string Origin);

/// <summary>
/// Where the weights of measures lie: the folder <c>HITA_METRIC_WEIGHTS</c> names, else <c>metrics</c> in the cache folder.
/// Nothing is ever fetched by itself.
/// </summary>
public static class MetricWeights
{
    /// <summary>The environment variable that moves the folder.</summary>
    public const string Variable = "HITA_METRIC_WEIGHTS";

    /// <summary>The Inception-v3 of FID, sFID, the Inception score, precision and recall.</summary>
    public static MetricWeightFile Inception { get; } = new(
        "weights-inception-2015-12-05-6726825d.pth",
        "FID, sFID, the Inception score, precision and recall",
        "the releases of the torch-fidelity project (github.com/toshas/torch-fidelity)");

    /// <summary>The VGG16 under LPIPS.</summary>
    public static MetricWeightFile Vgg16 { get; } = new("vgg16-397923af.pth", "LPIPS and training with it", "the model zoo of torchvision (pytorch.org)");

    /// <summary>The linear heads of LPIPS over VGG16.</summary>
    public static MetricWeightFile LpipsHeads { get; } =
        new("vgg.pth", "LPIPS and training with it", "the LPIPS project (github.com/richzhang/PerceptualSimilarity, weights v0.1)");

    /// <summary>The frozen network under the DINO discriminator.</summary>
    public static MetricWeightFile Dino { get; } =
        new("dino_deitsmall16_pretrain.pth", "The DINO discriminator and training with it", "the DINO project (github.com/facebookresearch/dino)");

    /// <summary>The folder's path. It need not exist.</summary>
    public static string Folder => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen
        ? System.IO.Path.GetFullPath(chosen)
        : System.IO.Path.Combine(CacheFolder.Path, "metrics");

    /// <summary>Whether a file lies in the folder.</summary>
    /// <param name="file">The file.</param>
    public static bool Has(MetricWeightFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return File.Exists(System.IO.Path.Combine(Folder, file.FileName));
    }

    /// <summary>The path of a file in the folder.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="HitaException">It is not there; the message says what to fetch and where to put it.</exception>
    public static string Find(MetricWeightFile file) => Has(file)
        ? System.IO.Path.Combine(Folder, file.FileName)
        : throw new HitaException(Absence(file));

    /// <summary>The sentence that says what to fetch and where to put it.</summary>
    /// <param name="file">The file that is not there.</param>
    public static string Absence(MetricWeightFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return $"{file.Purpose} need the weights {file.FileName}: fetch them from {file.Origin} and put them into {Folder}, or name the file; the other measures work without.";
    }
}
