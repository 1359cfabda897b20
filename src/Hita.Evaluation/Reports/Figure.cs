using System.Globalization;

namespace Hita.Evaluation.Reports;

/// <summary>Which way a figure is better.</summary>
public enum FigureDirection
{
    /// <summary>Neither.</summary>
    None,

    /// <summary>The less, the better.</summary>
    Lower,

    /// <summary>The more, the better.</summary>
    Higher,
}

/// <summary>A measured number.</summary>
/// <param name="Name">Its name in files, see <see cref="FigureNames"/>.</param>
/// <param name="Value">The number.</param>
/// <param name="Spread">How far it varies (over pictures, or over splits), where that was measured.</param>
public sealed record Figure(string Name, double Value, double? Spread = null);

/// <summary>The names of figures, and how people write them.</summary>
public static class FigureNames
{
    private static readonly Dictionary<string, (string Title, FigureDirection Better, string Format, string Unit)> Known = new(StringComparer.Ordinal)
    {
        ["fid"] = ("FID", FigureDirection.Lower, "0.000", ""),
        ["sfid"] = ("sFID", FigureDirection.Lower, "0.000", ""),
        ["inception_score"] = ("Inception score", FigureDirection.Higher, "0.00", ""),
        ["precision"] = ("precision", FigureDirection.Higher, "0.0000", ""),
        ["recall"] = ("recall", FigureDirection.Higher, "0.0000", ""),
        ["psnr"] = ("PSNR", FigureDirection.Higher, "0.00", "dB"),
        ["ssim"] = ("SSIM", FigureDirection.Higher, "0.0000", ""),
        ["lpips"] = ("LPIPS", FigureDirection.Lower, "0.0000", ""),
        ["mean_squared_error"] = ("mean squared error", FigureDirection.Lower, "0.00", ""),
        ["identical_pictures"] = ("pictures given back exactly", FigureDirection.None, "0", ""),
        ["holistic_usage"] = ("holistic codebook used", FigureDirection.Higher, "0.0 %", ""),
        ["holistic_perplexity"] = ("holistic perplexity", FigureDirection.Higher, "0.0", ""),
        ["patch_usage"] = ("patch codebook used", FigureDirection.Higher, "0.0 %", ""),
        ["patch_perplexity"] = ("patch perplexity", FigureDirection.Higher, "0.0", ""),
        ["class_agreement"] = ("samples whose class is recognised", FigureDirection.Higher, "0.0 %", ""),
        ["classifier_held_out"] = ("true pictures whose class is recognised", FigureDirection.None, "0.0 %", ""),
        ["nearest_pixels_samples"] = ("samples: median pixel distance to the nearest training picture", FigureDirection.None, "0.0000", ""),
        ["nearest_pixels_held_out"] = ("held-out: median pixel distance to the nearest training picture", FigureDirection.None, "0.0000", ""),
        ["nearest_features_samples"] = ("samples: median feature distance to the nearest training picture", FigureDirection.None, "0.000", ""),
        ["nearest_features_held_out"] = ("held-out: median feature distance to the nearest training picture", FigureDirection.None, "0.000", ""),
        ["copies_by_pixels"] = ("samples nearer by pixels than any held-out picture", FigureDirection.Lower, "0.0 %", ""),
        ["copies_by_features"] = ("samples nearer by features than any held-out picture", FigureDirection.Lower, "0.0 %", ""),
        ["probe_holistic"] = ("linear probe, holistic features", FigureDirection.Higher, "0.0 %", ""),
        ["probe_patch"] = ("linear probe, patch features", FigureDirection.Higher, "0.0 %", ""),
        ["probe_cnn"] = ("linear probe, features before mixing", FigureDirection.Higher, "0.0 %", ""),
        ["probe_semantic"] = ("linear probe, semantic features", FigureDirection.Higher, "0.0 %", ""),
        ["probe_pixels"] = ("linear probe, mean colour (baseline)", FigureDirection.None, "0.0 %", ""),
        ["probe_chance"] = ("chance", FigureDirection.None, "0.0 %", ""),
    };

    /// <summary>All names that files may have.</summary>
    public static IReadOnlyCollection<string> All => Known.Keys;

    /// <summary>A figure's name as people write it.</summary>
    /// <param name="name">The name in files.</param>
    /// <param name="kind">The kind of its report: null where unknown. What is measured on reconstructions is called rFID, rsFID and rIS.</param>
    public static string Title(string name, EvaluationKind? kind = null) => (name, kind) switch
    {
        ("fid", EvaluationKind.Reconstruction) => "rFID",
        ("sfid", EvaluationKind.Reconstruction) => "rsFID",
        ("inception_score", EvaluationKind.Reconstruction) => "rIS",
        _ => Known.TryGetValue(name, out var known) ? known.Title : name,
    };

    /// <summary>Which way a figure is better.</summary>
    /// <param name="name">The name in files.</param>
    public static FigureDirection Better(string name) => Known.TryGetValue(name, out var known) ? known.Better : FigureDirection.None;

    /// <summary>A figure's value with as many digits as mean something, its unit and its spread.</summary>
    /// <param name="figure">The figure.</param>
    public static string Text(Figure figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        var (_, _, format, unit) = Known.TryGetValue(figure.Name, out var known) ? known : ("", FigureDirection.None, "g6", "");
        var spread = figure.Spread is { } s ? $" ± {Number(s, format)}" : "";
        return $"{Number(figure.Value, format)}{spread}{(unit.Length > 0 ? $" {unit}" : "")}";
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
