using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Hita.Evaluation.Reports;

namespace Hita.Studies.Shift;

/// <summary>A run and what was measured at its end.</summary>
internal sealed record ShiftLine(string Name, int Shift, int Revival, RunMetrics Metrics, CodeSwap Swap)
{
    public ShiftRow Row() => new(
        Name, Shift, Revival, Metrics.LastStep,
        Metrics.Last("holistic_usage"), Metrics.Last("holistic_perplexity"), Metrics.Last("patch_usage"), Metrics.Last("patch_perplexity"),
        Metrics.Last("validation_holistic_usage"), Metrics.Last("validation_holistic_perplexity"), Metrics.Last("validation_psnr"), Swap);
}

/// <summary>What a run ended with.</summary>
/// <param name="Name">Its name and folder.</param>
/// <param name="Shift">k.</param>
/// <param name="Revival">Steps between two revivals; 0 for none.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="HolisticUsage">The share of the holistic codebook that the latest training codes used, 0 to 1.</param>
/// <param name="HolisticPerplexity">As many entries, used evenly, would carry as much.</param>
/// <param name="PatchUsage">The same of the patches' codebook.</param>
/// <param name="PatchPerplexity">The same of the patches' codebook.</param>
/// <param name="ValidationHolisticUsage">The share that the codes of the images held out used.</param>
/// <param name="ValidationHolisticPerplexity">Their perplexity.</param>
/// <param name="ValidationPsnr">Mean PSNR on the images held out, in decibels.</param>
/// <param name="Swap">What swapping codes costs.</param>
internal sealed record ShiftRow(
    string Name, int Shift, int Revival, long Steps, double HolisticUsage, double HolisticPerplexity, double PatchUsage, double PatchPerplexity,
    double ValidationHolisticUsage, double ValidationHolisticPerplexity, double ValidationPsnr, CodeSwap Swap);

/// <summary>The study's result.</summary>
internal sealed record ShiftReport(
    string Recipe, IReadOnlyList<string> Sets, int Steps, int BatchSize, ulong Seed, int CodebookSize, int HolisticTokens, IReadOnlyList<ShiftRow> Rows)
{
    private const int MaxPoints = 300;

    [JsonIgnore]
    public IReadOnlyList<ShiftLine> Lines { get; init; } = [];

    /// <summary>The plots by file name.</summary>
    public IEnumerable<KeyValuePair<string, string>> Plots() =>
    [
        new("holistic-usage.svg", Plot("holistic_usage", "holistic entries in use, %", 100)),
        new("holistic-perplexity.svg", Plot("holistic_perplexity", "holistic perplexity", 1)),
        new("validation-psnr.svg", Plot("validation_psnr", "PSNR held out, dB", 1)),
    ];

    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# The shift k\n\n{Recipe}{(Sets.Count > 0 ? $" with {string.Join(", ", Sets)}" : "")}: {Steps} steps of {BatchSize} images, seed {Seed}, {HolisticTokens} holistic codes of a codebook of {CodebookSize} entries. The decoder decodes from the outputs that begin k before the patches, so that with k = 0 none of them stands at a holistic code.\n\n");
        text.Append("| k | revival every | holistic entries in use, training | perplexity | held out: in use | perplexity | patch entries in use | PSNR held out, dB | loses with another image's holistic codes, dB | with another's patch codes, dB |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (var r in Rows)
            text.Append(CultureInfo.InvariantCulture, $"| {r.Shift} | {(r.Revival == 0 ? "never" : r.Revival)} | {100 * r.HolisticUsage:0.0} % | {r.HolisticPerplexity:0} | {100 * r.ValidationHolisticUsage:0.0} % | {r.ValidationHolisticPerplexity:0} | {100 * r.PatchUsage:0.0} % | {r.ValidationPsnr:0.00} | {r.Swap.HolisticDrop:0.00} | {r.Swap.PatchDrop:0.00} |\n");
        text.Append(CultureInfo.InvariantCulture, $"\nThe last two columns: {Rows[0].Swap.Images} images held out are decoded from their own codes ({string.Join(", ", Rows.Select(static r => FormattableString.Invariant($"{r.Name} {r.Swap.Own:0.00} dB")))}), and again with one kind of code taken from another image. A loss near 0 means that the decoder does not use these codes.\n");
        foreach (var (file, what) in new[] { ("holistic-usage", "Holistic entries in use"), ("holistic-perplexity", "Holistic perplexity"), ("validation-psnr", "PSNR of images held out") })
            text.Append(CultureInfo.InvariantCulture, $"\n![{what} over the steps]({file}.svg)\n");
        return text.ToString();
    }

    private string Plot(string name, string title, double factor) => PagePlots.Lines(
        [.. Lines.Select(l => new PlotSeries(Label(l), [.. l.Metrics.Thinned(name, MaxPoints).Select(p => (p.X, factor * p.Y))]))], "step", title);

    private static string Label(ShiftLine line) =>
        string.Create(CultureInfo.InvariantCulture, $"k = {line.Shift}{(line.Revival > 0 ? $", revival {line.Revival}" : "")}");
}
