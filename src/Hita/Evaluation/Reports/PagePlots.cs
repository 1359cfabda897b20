using System.Globalization;
using System.Net;
using System.Text;

namespace Hita.Evaluation.Reports;

/// <summary>Plots as inline SVG, in the colours of the page.</summary>
internal static class PagePlots
{
    private const int Width = 560;
    private const int Height = 240;
    private const int Left = 64;
    private const int Right = 16;
    private const int Top = 14;
    private const int Bottom = 46;

    /// <summary>Points joined by lines; both axes begin at 0 unless the values lie far from it.</summary>
    public static string Line(IReadOnlyList<(double X, double Y)> points, string xTitle, string yTitle, bool fromZero = false)
    {
        if (points.Count == 0)
            return "";
        var (right, low, high) = (points.Max(static p => p.X), points.Min(static p => p.Y), points.Max(static p => p.Y));
        low = fromZero || low < 0.5 * high ? Math.Min(0, low) : low - (0.15 * (high - low)) - (1e-9 + (0.01 * Math.Abs(low)));
        var ticks = Ticks(low, high > low ? high : low + 1);
        var (bottom, top) = (Math.Min(low, ticks[0]), Math.Max(high, ticks[^1]));
        double X(double x) => Left + ((Width - Left - Right) * (right > 0 ? x / right : 0));
        double Y(double y) => Height - Bottom - ((Height - Bottom - Top) * (y - bottom) / (top - bottom));
        var svg = Begin($"{yTitle} by {xTitle}");
        foreach (var tick in ticks)
            Grid(svg, Y(tick), Number(tick));
        foreach (var tick in Ticks(0, right > 0 ? right : 1).Where(t => t <= right * 1.001))
            Text(svg, X(tick), Height - Bottom + 16, Number(tick), "middle");
        svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"line\" points=\"{string.Join(' ', points.Select(p => Pair(X(p.X), Y(p.Y))))}\"/>");
        if (points.Count <= 24)
        {
            foreach (var (x, y) in points)
                svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"dot\" cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"3.5\"><title>{Number(x)}: {Number(y)}</title></circle>");
        }
        return End(svg, xTitle, yTitle);
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

    private static StringBuilder Begin(string label) => new StringBuilder()
        .Append(CultureInfo.InvariantCulture, $"<svg class=\"plot\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(label)}\">");

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
