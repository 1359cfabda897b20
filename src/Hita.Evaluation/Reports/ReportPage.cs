using System.Globalization;
using System.Net;
using System.Text;
using Hita.Evaluation.Protocols;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;

namespace Hita.Evaluation.Reports;

/// <summary>What a page shows beside a report's numbers.</summary>
public sealed record PageContent
{
    /// <summary>Samples of one size.</summary>
    public IReadOnlyList<Image> Sheet { get; init; } = [];

    /// <summary>Originals and their reconstructions, from all over the data.</summary>
    public IReadOnlyList<KeptImage> Pairs { get; init; } = [];

    /// <summary>The worst pairs, the worst one first.</summary>
    public IReadOnlyList<KeptImage> WorstPairs { get; init; } = [];

    /// <summary>Samples beside the training image that is nearest to each.</summary>
    public IReadOnlyList<KeptImage> Neighbours { get; init; } = [];

    /// <summary>The use of the holistic codebook; null where there is none.</summary>
    public CodeUsage? HolisticUsage { get; init; }

    /// <summary>The use of the patch codebook; null where it is not known.</summary>
    public CodeUsage? PatchUsage { get; init; }
}

/// <summary>Writes a report as one HTML file that needs nothing else: images and plots are inside.</summary>
public static class ReportPage
{
    /// <summary>The name of the file in an evaluation's folder.</summary>
    public const string FileName = "index.html";

    /// <summary>Writes the page.</summary>
    /// <param name="path">Where it will appear.</param>
    /// <param name="report">The numbers.</param>
    /// <param name="content">Images and code usage.</param>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public static void Save(string path, EvaluationReport report, PageContent content) => AtomicFile.WriteText(path, Html(report, content));

    /// <summary>The page as text.</summary>
    /// <param name="report">The numbers.</param>
    /// <param name="content">Images and code usage.</param>
    public static string Html(EvaluationReport report, PageContent content)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(content);
        var page = new StringBuilder();
        var title = $"{Heading(report.Kind)}: {report.Samples.Description}";
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{Safe(title)}</title><style>{PageStyle.Css}{PagePlots.SeriesCss}</style></head><body><main>");
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"kind\">{Heading(report.Kind)} · protocol <b>{Safe(report.Protocol.Name)}</b></p><h1>{Safe(Name(report))}</h1>");
        Cards(page, report);
        if (report.Weights.Values.Any(static w => w.StartsWith(FeatureSource.ByName, StringComparison.Ordinal)))
            page.Append("<p class=\"warning\">The Inception weights were made from their names, to try the evaluation out: FID, sFID, the Inception score, precision and recall mean nothing here.</p>");
        foreach (var missing in report.Unmeasured)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"missing\"><b>Not measured: {Safe(missing.Metrics)}.</b> {Safe(missing.Reason)}</p>");
        if (report.Unreadable is { } unreadable)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"missing\"><b>Left out.</b> {Safe(unreadable.ToSentence())}</p>");
        Images(page, content);
        Plots(page, report, content);
        Classes(page, report.Classes);
        PageFacts.Append(page, report);
        return page.Append("</main></body></html>\n").ToString();
    }

    internal static string Safe(string text) => WebUtility.HtmlEncode(text);

    private static string Heading(EvaluationKind kind) => kind switch
    {
        EvaluationKind.Reconstruction => "Reconstruction",
        EvaluationKind.Generation => "Generation",
        EvaluationKind.Archive => "Sample archive",
        EvaluationKind.Classes => "Classes of generated images",
        _ => "Linear probe",
    };

    private static string Name(EvaluationReport report) =>
        report.Models.Count > 0 ? Path.GetFileName(Path.TrimEndingDirectorySeparator(report.Models[0].Name)) : report.Samples.Description;

    private static void Cards(StringBuilder page, EvaluationReport report)
    {
        page.Append("<div class=\"cards\">");
        foreach (var metric in report.Metrics)
        {
            var better = MetricNames.Better(metric.Name) switch { MetricDirection.Lower => "lower is better", MetricDirection.Higher => "higher is better", _ => "" };
            page.Append(CultureInfo.InvariantCulture, $"<div class=\"card\"><div class=\"value\">{Value(metric)}</div><div class=\"name\">{Safe(MetricNames.Title(metric.Name, report.Kind))}</div><div class=\"hint\">{better}</div></div>");
        }
        page.Append("</div>");
    }

    private static string Value(Metric metric)
    {
        var parts = MetricNames.Text(metric).Split(" ± ");
        return parts.Length == 1 ? Safe(parts[0]) : $"{Safe(parts[0])} <small>± {Safe(parts[1])}</small>";
    }

    private static void Images(StringBuilder page, PageContent content)
    {
        if (content.Sheet.Count > 0)
        {
            var columns = Math.Min(content.Sheet.Count, Math.Max(1, 1000 / (Math.Max(64, content.Sheet[0].Width) + 2)));
            page.Append(CultureInfo.InvariantCulture, $"<h2>Samples</h2><p>The first {content.Sheet.Count}, in order.</p>{PageImages.Element(ImageGrid.Compose(content.Sheet, columns), "sample sheet")}");
        }
        Pairs(page, "Reconstructions", "Original, reconstruction, and where they differ (four times enlarged; black is equal).", content.Pairs, maps: true);
        Pairs(page, "The worst reconstructions", "Those with the lowest PSNR.", content.WorstPairs, maps: true);
        Pairs(page, "Nearest training images", "Samples that come nearest to a training image by pixels: the sample left, the training image right.", content.Neighbours, maps: false);
    }

    private static void Pairs(StringBuilder page, string heading, string text, IReadOnlyList<KeptImage> pairs, bool maps)
    {
        if (pairs.Count == 0)
            return;
        page.Append(CultureInfo.InvariantCulture, $"<h2>{heading}</h2><p>{text}</p><div class=\"pairs\">");
        foreach (var pair in pairs.Where(static p => p.Other is not null))
        {
            Image[] parts = maps ? [pair.Image, pair.Other!, PageImages.ErrorMap(pair.Image, pair.Other!)] : [pair.Image, pair.Other!];
            var value = double.IsInfinity(pair.Value) ? "exact" : maps ? $"{Number(pair.Value, "0.00")} dB" : $"distance {Number(pair.Value, "0.0000")}";
            var shown = Math.Clamp(parts[0].Width, 108, 220) * parts.Length;
            page.Append(CultureInfo.InvariantCulture, $"<figure>{PageImages.Element(ImageGrid.SideBySide(parts), $"image {pair.Number}", shown)}<figcaption>no. {pair.Number} · {value}</figcaption></figure>");
        }
        page.Append("</div>");
    }

    private static void Plots(StringBuilder page, EvaluationReport report, PageContent content)
    {
        if (report.FidByCount.Count > 1)
        {
            page.Append("<h2>FID against the number of samples</h2><p>FID falls with the number of samples; only values for the same number compare.</p>");
            page.Append(PagePlots.Line([.. report.FidByCount.Select(static p => ((double)p.Count, p.Value))], "samples", "FID"));
        }
        foreach (var (name, usage) in new[] { ("holistic", content.HolisticUsage), ("patch", content.PatchUsage) })
        {
            if (usage is null || usage.Count == 0)
                continue;
            page.Append(CultureInfo.InvariantCulture, $"<h2>Use of the {name} codebook</h2><p>{usage.UsedCount} of {usage.CodebookSize} entries were used by {usage.Count} codes; they carry as much as {Number(usage.Perplexity, "0.0")} entries used evenly. How many entries are used how often, 1 being the even share:</p>");
            page.Append(PagePlots.Bars(UsageBins(usage), "times the even share", "entries"));
        }
    }

    /// <summary>How many entries of a codebook are used how often, in powers of two of the even share.</summary>
    internal static IReadOnlyList<(string Label, double Value)> UsageBins(CodeUsage usage)
    {
        string[] labels = ["never", "< ⅛", "⅛–¼", "¼–½", "½–1", "1–2", "2–4", "4–8", "≥ 8"];
        var bins = new double[labels.Length];
        foreach (var count in usage.Counts)
        {
            var share = (double)count * usage.CodebookSize / usage.Count;
            bins[count == 0 ? 0 : Math.Clamp((int)Math.Floor(Math.Log2(share)) + 5, 1, labels.Length - 1)]++;
        }
        return [.. labels.Zip(bins)];
    }

    private static void Classes(StringBuilder page, IReadOnlyList<ClassMetrics> classes)
    {
        if (classes.Count == 0)
            return;
        page.Append("<h2>By class</h2><table><thead><tr><th>class</th><th class=\"n\">samples</th><th class=\"n\">recognised</th><th>otherwise mostly taken for</th></tr></thead><tbody>");
        foreach (var c in classes.OrderBy(static c => (double)c.Recognised / Math.Max(1, c.Count)))
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Safe(c.Name)}</td><td class=\"n\">{c.Count}</td><td class=\"n\">{Number((double)c.Recognised / Math.Max(1, c.Count), "0.0 %")}</td><td>{Safe(c.ConfusedWith ?? "")}</td></tr>");
        page.Append("</tbody></table>");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
