using System.Globalization;

namespace Hita.Evaluation.Reports;

/// <summary>Which way a metric is better.</summary>
public enum MetricDirection
{
    /// <summary>Neither.</summary>
    None,

    /// <summary>The less, the better.</summary>
    Lower,

    /// <summary>The more, the better.</summary>
    Higher,
}

/// <summary>A measured number.</summary>
/// <param name="Name">Its name in files, see <see cref="MetricNames"/>.</param>
/// <param name="Value">The number.</param>
/// <param name="Spread">How far it varies (over images, or over splits), where that was measured.</param>
public sealed record Metric(string Name, double Value, double? Spread = null);

/// <summary>The names of metrics, and how people write them.</summary>
public static class MetricNames
{
    private static readonly Dictionary<string, (string Title, MetricDirection Better, string Format, string Unit)> Known = new(StringComparer.Ordinal)
    {
        ["fid"] = ("FID", MetricDirection.Lower, "0.000", ""),
        ["sfid"] = ("sFID", MetricDirection.Lower, "0.000", ""),
        ["inception_score"] = ("Inception score", MetricDirection.Higher, "0.00", ""),
        ["fd_resnet18"] = ("Fréchet distance by ResNet-18", MetricDirection.Lower, "0.00", ""),
        ["fd_mobilenet2"] = ("Fréchet distance by MobileNetV2", MetricDirection.Lower, "0.00", ""),
        ["mobilenet2_score"] = ("class score by MobileNetV2", MetricDirection.Higher, "0.00", ""),
        ["precision"] = ("precision", MetricDirection.Higher, "0.0000", ""),
        ["recall"] = ("recall", MetricDirection.Higher, "0.0000", ""),
        ["psnr"] = ("PSNR", MetricDirection.Higher, "0.00", "dB"),
        ["ssim"] = ("SSIM", MetricDirection.Higher, "0.0000", ""),
        ["lpips"] = ("LPIPS", MetricDirection.Lower, "0.0000", ""),
        ["mean_squared_error"] = ("mean squared error", MetricDirection.Lower, "0.00", ""),
        ["identical_images"] = ("images given back exactly", MetricDirection.None, "0", ""),
        ["holistic_usage"] = ("holistic codebook used", MetricDirection.Higher, "0.0 %", ""),
        ["holistic_perplexity"] = ("holistic perplexity", MetricDirection.Higher, "0.0", ""),
        ["patch_usage"] = ("patch codebook used", MetricDirection.Higher, "0.0 %", ""),
        ["patch_perplexity"] = ("patch perplexity", MetricDirection.Higher, "0.0", ""),
        ["class_agreement"] = ("samples whose class is recognised", MetricDirection.Higher, "0.0 %", ""),
        ["classifier_held_out"] = ("true images whose class is recognised", MetricDirection.None, "0.0 %", ""),
        ["classifier_held_out_classes"] = ("true images whose class is recognised, mean over the classes", MetricDirection.None, "0.0 %", ""),
        ["nearest_pixels_samples"] = ("samples: median pixel distance to the nearest training image", MetricDirection.None, "0.0000", ""),
        ["nearest_pixels_held_out"] = ("held-out: median pixel distance to the nearest training image", MetricDirection.None, "0.0000", ""),
        ["nearest_features_samples"] = ("samples: median feature distance to the nearest training image", MetricDirection.None, "0.000", ""),
        ["nearest_features_held_out"] = ("held-out: median feature distance to the nearest training image", MetricDirection.None, "0.000", ""),
        ["copies_by_pixels"] = ("samples nearer by pixels than any held-out image", MetricDirection.Lower, "0.0 %", ""),
        ["copies_by_features"] = ("samples nearer by features than any held-out image", MetricDirection.Lower, "0.0 %", ""),
        ["probe_holistic"] = ("linear probe, holistic features", MetricDirection.Higher, "0.0 %", ""),
        ["probe_patch"] = ("linear probe, patch features", MetricDirection.Higher, "0.0 %", ""),
        ["probe_cnn"] = ("linear probe, features before mixing", MetricDirection.Higher, "0.0 %", ""),
        ["probe_semantic"] = ("linear probe, semantic features", MetricDirection.Higher, "0.0 %", ""),
        ["probe_pixels"] = ("linear probe, mean colour (baseline)", MetricDirection.None, "0.0 %", ""),
        ["probe_chance"] = ("chance", MetricDirection.None, "0.0 %", ""),
    };

    /// <summary>All names that files may have.</summary>
    public static IReadOnlyCollection<string> All => Known.Keys;

    /// <summary>A metric's name as people write it.</summary>
    /// <param name="name">The name in files.</param>
    /// <param name="kind">The kind of its report: null where unknown. What is measured on reconstructions is called rFID, rsFID and rIS.</param>
    public static string Title(string name, EvaluationKind? kind = null) => (name, kind) switch
    {
        ("fid", EvaluationKind.Reconstruction) => "rFID",
        ("sfid", EvaluationKind.Reconstruction) => "rsFID",
        ("inception_score", EvaluationKind.Reconstruction) => "rIS",
        _ => Known.TryGetValue(name, out var known) ? known.Title : name,
    };

    /// <summary>Which way a metric is better.</summary>
    /// <param name="name">The name in files.</param>
    public static MetricDirection Better(string name) => Known.TryGetValue(name, out var known) ? known.Better : MetricDirection.None;

    /// <summary>A metric's value with as many digits as mean something, its unit and its spread.</summary>
    /// <param name="metric">The metric.</param>
    public static string Text(Metric metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        var (_, _, format, unit) = Known.TryGetValue(metric.Name, out var known) ? known : ("", MetricDirection.None, "g6", "");
        var spread = metric.Spread is { } s ? $" ± {Number(s, format)}" : "";
        return $"{Number(metric.Value, format)}{spread}{(unit.Length > 0 ? $" {unit}" : "")}";
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
