using System.Globalization;
using System.Text;
using Hita.Studio.Runs;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>A metric over a run's steps, small.</summary>
public sealed partial class CurveChart : ComponentBase
{
    private const int Width = 300;
    private const int Height = 100;
    private const int Columns = 300;

    /// <summary>The metric.</summary>
    [Parameter]
    [EditorRequired]
    public Curve Curve { get; set; } = null!;

    private double Top { get; set; }

    private double Bottom { get; set; }

    private string Line { get; set; } = "";

    private string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{Curve.Name} from {Number(Curve.Points[0].Value)} at step {Curve.Points[0].Step} to {Number(Curve.Last)} at step {Curve.Points[^1].Step}");

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        var points = Curve.Points;
        if (points.Count < 2)
            return;
        // The first steps of a loss are far above all others; a fiftieth of the values may be cut off at either end.
        var sorted = points.Select(static p => p.Value).Order().ToList();
        var cut = sorted.Count / 50;
        (Bottom, Top) = (sorted[cut], sorted[^(1 + cut)]);
        if (Top - Bottom < 1e-12)
            (Bottom, Top) = (Bottom - 0.5, Top + 0.5);
        var (first, last) = (points[0].Step, Math.Max(points[^1].Step, points[0].Step + 1));
        var line = new StringBuilder();
        foreach (var column in points.GroupBy(p => (p.Step - first) * Columns / (last - first)))
        {
            var value = Math.Clamp(column.Average(static p => p.Value), Bottom, Top);
            line.Append(CultureInfo.InvariantCulture, $"{(double)column.Key * Width / Columns:0.#},{4 + ((Top - value) / (Top - Bottom) * (Height - 8)):0.##} ");
        }
        Line = line.ToString();
    }

    private static string Number(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1000 => value.ToString("#,0", CultureInfo.InvariantCulture),
        < 0.001 => value.ToString("0.0e0", CultureInfo.InvariantCulture),
        _ => value.ToString("G4", CultureInfo.InvariantCulture),
    };
}
