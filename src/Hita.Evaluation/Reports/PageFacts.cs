using System.Globalization;
using System.Text;

namespace Hita.Evaluation.Reports;

/// <summary>The part of a page that says how everything was measured.</summary>
internal static class PageFacts
{
    public static void Append(StringBuilder page, EvaluationReport report)
    {
        page.Append("<h2>How it was measured</h2><table class=\"facts\"><tbody>");
        Row(page, "Protocol", $"{report.Protocol.Name}: {report.Protocol.Description}");
        Row(page, "Images", report.Protocol.Summary(labels: report.Kind is EvaluationKind.Generation or EvaluationKind.Classes));
        Row(page, "Measured on", Describe(report.Samples));
        Row(page, "Compared with", report.Reference is { } reference ? Describe(reference) : "nothing");
        if (report.Samples.Count is { } count && count != report.Protocol.SampleCount && report.Kind is EvaluationKind.Generation or EvaluationKind.Archive)
            Row(page, "Note", string.Create(CultureInfo.InvariantCulture, $"{report.Samples.Count} samples, where the protocol's metrics are meant to be measured on {report.Protocol.SampleCount}."));
        foreach (var model in report.Models)
            Row(page, char.ToUpperInvariant(model.Role[0]) + model.Role[1..], $"{model.Name} ({model.Hash})");
        foreach (var (measure, print) in report.Weights)
            Row(page, $"Weights of {measure}", print);
        foreach (var (name, value) in report.Settings)
            Row(page, name.Replace('_', ' '), value);
        var e = report.Environment;
        Row(page, "Program", $"{e.Version}, {e.DotNet}");
        Row(page, "Machine", string.Create(CultureInfo.InvariantCulture, $"{e.Processor}, {e.OperatingSystem}, {e.Device}, {e.Threads} threads"));
        Row(page, "Finished", string.Create(CultureInfo.InvariantCulture, $"{e.Finished:yyyy-MM-dd HH:mm} UTC after {e.Seconds:0.0} s"));
        Row(page, "Memory", string.Create(CultureInfo.InvariantCulture, $"{e.PeakMebibytes} MiB at the peak, models included"));
        page.Append("</tbody></table>");
        foreach (var stage in e.Memory.GroupBy(static m => m.Stage).Where(static g => g.Count() > 2))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h3>Memory while {ReportPage.Safe(stage.Key.ToLowerInvariant())}</h3>");
            page.Append(PagePlots.Line([.. stage.Select(static m => ((double)m.Count, (double)m.Mebibytes))], "images", "MiB", fromZero: true));
        }
    }

    private static string Describe(MeasuredSet set) =>
        $"{set.Description}{(set.Count is { } count ? string.Create(CultureInfo.InvariantCulture, $", {count} images") : "")}{(set.Size is { } size ? $" of {size} pixels" : "")} ({set.Hash})";

    private static void Row(StringBuilder page, string name, string value) =>
        page.Append(CultureInfo.InvariantCulture, $"<tr><th>{ReportPage.Safe(name)}</th><td>{ReportPage.Safe(value)}</td></tr>");
}

/// <summary>The look of a page.</summary>
internal static class PageStyle
{
    public const string Css = """
        :root{--ink:#1d2327;--soft:#5d6970;--line:#dde3e6;--paper:#fbfcfc;--card:#fff;--accent:#22707a;--warn:#8a4b00;--warnbg:#fff4e2}
        @media(prefers-color-scheme:dark){:root{--ink:#e6eaec;--soft:#9aa6ad;--line:#343c41;--paper:#15191b;--card:#1e2427;--accent:#5fb4bd;--warn:#f0c486;--warnbg:#33291a}}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:1060px;margin:0 auto;padding:32px 20px 64px}h1{margin:.1em 0 .7em;font-size:1.9rem;overflow-wrap:anywhere}
        h2{margin:2.2em 0 .3em;font-size:1.25rem}h3{margin:1.6em 0 .3em;font-size:1rem}p{margin:.3em 0 .8em}.kind,.hint,figcaption{color:var(--soft)}.kind{margin:0}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:12px}.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
        .value{font-size:1.25rem;font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}.value small{font-weight:400;font-size:.72em;color:var(--soft)}.hint{font-size:.8rem}
        .missing,.warning{background:var(--warnbg);color:var(--warn);border-radius:8px;padding:10px 14px;margin:14px 0;overflow-wrap:anywhere}
        img{max-width:100%;image-rendering:auto;border-radius:4px}.pairs{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}figcaption{font-size:.85rem}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:left;vertical-align:top;padding:5px 12px 5px 0;border-bottom:1px solid var(--line)}
        th{font-weight:600}.facts th{white-space:nowrap;color:var(--soft);font-weight:500}.facts td{overflow-wrap:anywhere}.n{text-align:right}
        .plot{max-width:640px;width:100%;display:block}.plot .grid{stroke:var(--line)}.plot .line{fill:none;stroke:var(--accent);stroke-width:2}.plot .dot,.plot .bar{fill:var(--accent)}
        .plot .tick{fill:var(--soft);font-size:11px}.plot .title{fill:var(--soft);font-size:12px}
        """;
}
