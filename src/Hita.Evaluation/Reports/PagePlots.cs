using System.Globalization;
using System.Net;
using System.Text;

namespace Hita.Evaluation.Reports;

/// <summary>Points of one thing that is plotted.</summary>
/// <param name="Label">Its name in the legend; empty for none.</param>
/// <param name="Points">The points, from left to right.</param>
internal sealed record PlotSeries(string Label, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Plots as inline SVG, in the colours of the page.</summary>
internal static class PagePlots
{
    private const int Width = 560;
    private const int Height = 240;
    private const int Left = 64;
    private const int Right = 16;
    private const int Top = 14;
    private const int Bottom = 46;
    private const int Legend = 22;
    private const int Colours = 6;

    /// <summary>The colours of the second and further series, on light and dark ground alike.</summary>
    public const string SeriesCss =
        ".plot .line.s1{stroke:#c4622d}.plot .dot.s1{fill:#c4622d}.plot .line.s2{stroke:#5a62c0}.plot .dot.s2{fill:#5a62c0}" +
        ".plot .line.s3{stroke:#a08a1e}.plot .dot.s3{fill:#a08a1e}.plot .line.s4{stroke:#ad4a86}.plot .dot.s4{fill:#ad4a86}" +
        ".plot .line.s5{stroke:#7a7f83}.plot .dot.s5{fill:#7a7f83}";

    /// <summary>Points joined by lines; both axes begin at 0 unless the values lie far from it.</summary>
    public static string Line(IReadOnlyList<(double X, double Y)> points, string xTitle, string yTitle, bool fromZero = false) =>
        Lines([new PlotSeries("", points)], xTitle, yTitle, fromZero);

    /// <summary>Several series in one plot, up to six of which differ in colour, under a legend where they have labels.</summary>
    public static string Lines(IReadOnlyList<PlotSeries> series, string xTitle, string yTitle, bool fromZero = false)
    {
        var all = series.SelectMany(static s => s.Points).ToList();
        if (all.Count == 0)
            return "";
        var (right, low, high) = (all.Max(static p => p.X), all.Min(static p => p.Y), all.Max(static p => p.Y));
        low = fromZero || low < 0.5 * high ? Math.Min(0, low) : low - (0.15 * (high - low)) - (1e-9 + (0.01 * Math.Abs(low)));
        var ticks = Ticks(low, high > low ? high : low + 1);
        var (bottom, top) = (Math.Min(low, ticks[0]), Math.Max(high, ticks[^1]));
        double X(double x) => Left + ((Width - Left - Right) * (right > 0 ? x / right : 0));
        double Y(double y) => Height - Bottom - ((Height - Bottom - Top) * (y - bottom) / (top - bottom));
        var svg = Begin($"{yTitle} by {xTitle}", series.Any(static s => s.Label.Length > 0) ? Legend : 0);
        foreach (var tick in ticks)
            Grid(svg, Y(tick), Number(tick));
        foreach (var tick in Ticks(0, right > 0 ? right : 1).Where(t => t <= right * 1.001))
            Text(svg, X(tick), Height - Bottom + 16, Number(tick), "middle");
        var legend = (double)Left;
        for (var i = 0; i < series.Count; i++)
        {
            var (label, points) = series[i];
            var colour = i == 0 ? "" : $" s{i % Colours}";
            if (points.Count > 0)
                svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"line{colour}\" points=\"{string.Join(' ', points.Select(p => Pair(X(p.X), Y(p.Y))))}\"/>");
            if (points.Count <= 24)
            {
                foreach (var (x, y) in points)
                    svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"dot{colour}\" cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"3.5\"><title>{Number(x)}: {Number(y)}</title></circle>");
            }
            if (label.Length == 0)
                continue;
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"line{colour}\" x1=\"{legend:0.#}\" x2=\"{legend + 18:0.#}\" y1=\"-8\" y2=\"-8\"/>");
            Text(svg, legend + 23, -4, label, "start");
            legend += 40 + (6.2 * label.Length);
        }
        return End(svg, xTitle, yTitle);
    }

    /// <summary>A plot as a file of its own: with its look inside and a light ground.</summary>
    public static string Standalone(string svg)
    {
        const string Begin = "<svg ";
        const string Look =
            ".plot text{font-family:system-ui,sans-serif;fill:#5d6970;font-size:11px}.plot .title{font-size:12px}.plot .grid{stroke:#dde3e6}" +
            ".plot .line{fill:none;stroke:#22707a;stroke-width:2}.plot .dot,.plot .bar{fill:#22707a}" + SeriesCss;
        var ground = string.Create(
            CultureInfo.InvariantCulture, $"<style>{Look}</style><rect y=\"-{Legend}\" width=\"{Width}\" height=\"{Height + Legend}\" fill=\"#fff\"/>");
        var inside = svg.IndexOf('>', StringComparison.Ordinal) + 1;
        return $"{Begin}xmlns=\"http://www.w3.org/2000/svg\" width=\"840\" {svg[Begin.Length..inside]}{ground}{svg[inside..]}\n";
    }

    /// <summary>A bar for each label.</summary>
    public static string Bars(IReadOnlyList<(string Label, double Value)> bars, string xTitle, string yTitle)
    {
        var ticks = Ticks(0, Math.Max(bars.Max(static b => b.Value), 1e-12));
        var top = Math.Max(ticks[^1], bars.Max(static b => b.Value));
        var step = (double)(Width - Left - Right) / bars.Count;
        double Y(double y) => Height - Bottom - ((Height - Bottom - Top) * y / top);
        var svg = Begin($"{yTitle} by {xTitle}");
        foreach (var tick in ticks)
            Grid(svg, Y(tick), Number(tick));
        for (var i = 0; i < bars.Count; i++)
        {
            var x = Left + (i * step);
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"bar\" x=\"{x + (0.12 * step):0.#}\" y=\"{Y(bars[i].Value):0.#}\" width=\"{0.76 * step:0.#}\" height=\"{Height - Bottom - Y(bars[i].Value):0.#}\"><title>{WebUtility.HtmlEncode(bars[i].Label)}: {Number(bars[i].Value)}</title></rect>");
            Text(svg, x + (step / 2), Height - Bottom + 16, bars[i].Label, "middle");
        }
        return End(svg, xTitle, yTitle);
    }

    /// <summary>Round numbers from the first at or below <paramref name="low"/> to the last at or above <paramref name="high"/>.</summary>
    internal static double[] Ticks(double low, double high)
    {
        var raw = (high - low) / 4;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = (raw / unit) switch { <= 1 => 1, <= 2 => 2, <= 2.5 => 2.5, <= 5 => 5, _ => 10 } * unit;
        var (first, last) = ((long)Math.Floor((low / step) + 1e-9), (long)Math.Ceiling((high / step) - 1e-9));
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
    }

    private static StringBuilder Begin(string label, int above = 0) => new StringBuilder()
        .Append(CultureInfo.InvariantCulture, $"<svg class=\"plot\" viewBox=\"0 {-above} {Width} {Height + above}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(label)}\">");

    private static string End(StringBuilder svg, string xTitle, string yTitle)
    {
        Text(svg, (Width + Left - Right) / 2.0, Height - 8, xTitle, "middle", "title");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" text-anchor=\"middle\" transform=\"translate(14 {(Height - Bottom + Top) / 2}) rotate(-90)\">{WebUtility.HtmlEncode(yTitle)}</text></svg>");
        return svg.ToString();
    }

    private static void Grid(StringBuilder svg, double y, string text)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/>");
        Text(svg, Left - 8, y + 4, text, "end");
    }

    private static void Text(StringBuilder svg, double x, double y, string text, string anchor, string kind = "tick") =>
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"{kind}\" x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>");

    private static string Pair(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#}");

    private static string Number(double value) => Math.Abs(value) >= 10_000
        ? (value / 1000).ToString("0.##", CultureInfo.InvariantCulture) + "k"
        : value.ToString("0.####", CultureInfo.InvariantCulture);
}
