using Hita.Checkpoints;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Metrics.Networks;

/// <summary>A weight file that a measure or a loss needs and that is not part of this product.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="FileName">Its published name.</param>
/// <param name="Purpose">The measures that need it, for messages.</param>
/// <param name="Origin">Who distributes it, for messages.</param>
public sealed record MetricWeightFile(ModelKind Kind, string FileName, string Purpose, string Origin)
{
    /// <summary>Its name once it is imported: the published one with <c>.safetensors</c> at its end.</summary>
    public string ImportedName => System.IO.Path.ChangeExtension(FileName, ".safetensors");
}

/// <summary>
/// Where the weights of measures lie: the folder <c>HITA_METRIC_WEIGHTS</c> names, else <c>metrics</c> in the cache folder. They
/// lie there as published, or as <see cref="MetricWeightImporter"/> writes them; nothing is ever fetched by itself.
/// </summary>
public static class MetricWeights
{
    /// <summary>The environment variable that moves the folder.</summary>
    public const string Variable = "HITA_METRIC_WEIGHTS";

    /// <summary>The Inception-v3 of FID, sFID, the Inception score, precision and recall.</summary>
    public static MetricWeightFile Inception { get; } = new(
        ModelKind.Inception,
        "weights-inception-2015-12-05-6726825d.pth",
        "FID, sFID, the Inception score, precision and recall",
        "the releases of the torch-fidelity project (github.com/toshas/torch-fidelity)");

    /// <summary>The VGG16 under LPIPS.</summary>
    public static MetricWeightFile Vgg16 { get; } =
        new(ModelKind.Vgg16, "vgg16-397923af.pth", "LPIPS and training with it", "the model zoo of torchvision (pytorch.org)");

    /// <summary>The linear heads of LPIPS over VGG16.</summary>
    public static MetricWeightFile LpipsHeads { get; } = new(
        ModelKind.LpipsHeads, "vgg.pth", "LPIPS and training with it", "the LPIPS project (github.com/richzhang/PerceptualSimilarity, weights v0.1)");

    /// <summary>The frozen network under the DINO discriminator.</summary>
    public static MetricWeightFile Dino { get; } = new(
        ModelKind.Dino,
        "dino_deitsmall16_pretrain.pth",
        "The DINO discriminator and training with it",
        "the DINO project (github.com/facebookresearch/dino)");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MetricWeightFile> All { get; } = [Inception, Vgg16, LpipsHeads, Dino];

    /// <summary>The folder's path. It need not exist.</summary>
    public static string Folder => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen
        ? System.IO.Path.GetFullPath(chosen)
        : System.IO.Path.Combine(CacheFolder.Path, "metrics");

    /// <summary>The weights that an opened file holds, told by the names of its tensors; null for none of them.</summary>
    /// <param name="source">The opened file.</param>
    public static MetricWeightFile? Of(ITensorSource source)
    {
        var kind = ModelKinds.Of(source);
        return All.FirstOrDefault(f => f.Kind == kind);
    }

    /// <summary>Why an opened file's tensors are not those that are needed, as a clause; null where they are.</summary>
    /// <param name="source">The opened file.</param>
    /// <param name="file">The weights it should hold.</param>
    public static string? Fault(ITensorSource source, MetricWeightFile file)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(file);
        var layout = MetricWeightLayout.Of(file.Kind);
        return ShapeFit.Fault(source, layout.Shapes, new LoadOptions
        {
            NameMap = name => layout.IsCompared(name) ? name : null,
            Advice = _ => $"{file.FileName} is wanted, from {file.Origin}",
        });
    }

    /// <summary>Whether a file lies in the folder, as published or imported.</summary>
    /// <param name="file">The file.</param>
    public static bool Has(MetricWeightFile file) => PathIn(Folder, file) is not null;

    /// <summary>The path of a file in a folder, imported or else as published; null where it is not there.</summary>
    /// <param name="folder">The folder. It need not exist.</param>
    /// <param name="file">The file.</param>
    public static string? PathIn(string folder, MetricWeightFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return ((string[])[file.ImportedName, file.FileName]).Select(n => System.IO.Path.Combine(folder, n)).FirstOrDefault(File.Exists);
    }

    /// <summary>The path of a file in the folder.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="HitaException">It is not there; the message says what to fetch and where to put it.</exception>
    public static string Find(MetricWeightFile file) => PathIn(Folder, file) ?? throw new HitaException(Absence(file));

    /// <summary>The sentence that says what to fetch and where to put it.</summary>
    /// <param name="file">The file that is not there.</param>
    public static string Absence(MetricWeightFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return $"{file.Purpose} need the weights {file.FileName}: fetch them from {file.Origin} and bring them in with 'hita import', put them into {Folder}, or name the file; the other measures work without.";
    }
}
