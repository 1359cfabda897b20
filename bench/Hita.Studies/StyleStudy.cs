using System.Globalization;
using Hita.Editing;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Tokenization;

namespace Hita.Studies;

/// <summary>Measures style transfer where the right answer is known: the content's scene in the style's material, colours and light.</summary>
internal sealed class StyleStudy(ImageTokenizer tokenizer, ulong seed)
{
    private const int SheetRows = 8;
    private static readonly double[] Strengths = [0.25, 0.5, 0.75, 1];
    private readonly StyleTransfer _transfer = new(tokenizer);

    /// <summary>Every variant at every strength.</summary>
    public static IEnumerable<StyleOptions> Variants() =>
        from method in Enum.GetValues<StyleMethod>()
        from order in Enum.GetValues<StyleOrder>()
        where method == StyleMethod.Swap || order == StyleOrder.First
        from keep in new[] { false, true }
        from strength in Strengths
        where strength < 1 || order == StyleOrder.First
        select new StyleOptions { Method = method, Order = order, KeepOpening = keep, Strength = strength };

    public StyleReport Run(int count, Action<string> say, CancellationToken cancellation)
    {
        var size = tokenizer.Config.ImageSize;
        var pairs = new ScenePairs(seed, size);
        var variants = Variants().ToList();
        var rows = new Dictionary<string, StyleTally>();
        var samples = new List<(ScenePair Pair, Dictionary<string, Image> Results)>();
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var pair = pairs.Pair(i);
            var results = Results(pair, variants, cancellation);
            foreach (var (name, image) in results)
            {
                if (!rows.TryGetValue(name, out var tally))
                    rows[name] = tally = new StyleTally();
                tally.Add(pair, image);
            }
            if (samples.Count < SheetRows)
                samples.Add((pair, results));
            if ((i + 1) % 20 == 0)
                say($"style: {i + 1} of {count} pairs");
        }
        var table = rows.Select(static r => r.Value.Row(r.Key)).ToList();
        var best = table.Where(r => variants.Any(v => Name(v) == r.Name)).MaxBy(static r => r.Psnr)!;
        var sheet = ImageGrid.Compose([.. samples.SelectMany(s => SheetRow(s.Pair, s.Results, best.Name))], columns: 10);
        return new StyleReport(tokenizer.ModelHash, seed, count, size, table, best.Name) { Sheet = sheet };
    }

    /// <summary>A variant's name in tables.</summary>
    public static string Name(StyleOptions options) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(options.Method == StyleMethod.Swap ? $"swap {options.Order}" : "interpolate")}{(options.KeepOpening ? ", opening kept" : "")} {options.Strength:0.00}");

    private Dictionary<string, Image> Results(ScenePair pair, List<StyleOptions> variants, CancellationToken cancellation)
    {
        var features = tokenizer.Features([pair.Content, pair.Style, pair.Truth], cancellation: cancellation);
        var codes = new List<ImageCodes> { tokenizer.Quantize(features[0]), tokenizer.Quantize(features[2]) };
        codes.AddRange(variants.Select(v => _transfer.Codes(features[0], features[1], v)));
        var images = tokenizer.Decode(codes, batchSize: 8, cancellation);
        var results = new Dictionary<string, Image>
        {
            ["content unchanged"] = pair.Content,
            ["style unchanged"] = pair.Style,
            ["mean colour transferred"] = ImageStatistics.MeanColourTransfer(pair.Content, pair.Style),
            ["content reconstructed (strength 0)"] = images[0],
            ["true answer reconstructed (the tokenizer's limit)"] = images[1],
        };
        for (var i = 0; i < variants.Count; i++)
            results[Name(variants[i])] = images[i + 2];
        return results;
    }

    // Content, style, truth, mean colour, reconstruction, the swap by strength, and the best variant.
    private static IEnumerable<Image> SheetRow(ScenePair pair, Dictionary<string, Image> results, string best) =>
    [
        pair.Content, pair.Style, pair.Truth, results["mean colour transferred"], results["content reconstructed (strength 0)"],
        .. Strengths.Select(s => results[Name(new StyleOptions { Strength = s })]), results[best],
    ];
}

/// <summary>Sums for one way to transfer a style.</summary>
internal sealed class StyleTally
{
    private double _error, _ssim, _edges, _colour, _colourStart, _texture, _textureStart, _psnr;
    private int _count;

    public void Add(ScenePair pair, Image result)
    {
        // An exact result would be infinitely good; a hundredth of a level counts as exact.
        var error = Math.Max(ImageQuality.MeanSquaredError(result, pair.Truth), 1e-4);
        _error += error;
        _psnr += 10 * Math.Log10(255.0 * 255 / error);
        _ssim += ImageQuality.Ssim(result, pair.Truth);
        _edges += ImageStatistics.EdgeCorrelation(result, pair.Content);
        _colour += ImageStatistics.ColourDistance(result, pair.Style);
        _colourStart += ImageStatistics.ColourDistance(pair.Content, pair.Style);
        _texture += ImageStatistics.TextureDistance(result, pair.Style);
        _textureStart += ImageStatistics.TextureDistance(pair.Content, pair.Style);
        _count++;
    }

    public StyleRow Row(string name) => new(
        name, _psnr / _count, Math.Sqrt(_error / _count), _ssim / _count, _edges / _count, 1 - (_colour / _colourStart), 1 - (_texture / _textureStart));
}

/// <summary>What was measured of one way to transfer a style.</summary>
/// <param name="Name">The way.</param>
/// <param name="Psnr">Closeness to the true answer: the mean PSNR in decibels.</param>
/// <param name="Error">The root of the mean squared error against the true answer, in levels of 255.</param>
/// <param name="Ssim">Closeness to the true answer: the mean structural similarity.</param>
/// <param name="EdgesKept">The mean correlation of edges with the content's.</param>
/// <param name="ColourMoved">The share of the way that colour statistics have gone to the style's.</param>
/// <param name="TextureMoved">The share of the way that texture statistics have gone to the style's.</param>
internal sealed record StyleRow(string Name, double Psnr, double Error, double Ssim, double EdgesKept, double ColourMoved, double TextureMoved);

/// <summary>The study's result.</summary>
internal sealed record StyleReport(string Tokenizer, ulong Seed, int Pairs, int Size, IReadOnlyList<StyleRow> Rows, string BestByPsnr)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public Image? Sheet { get; init; }

    public string Markdown()
    {
        var text = new System.Text.StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Style transfer on the built-in set\n\n{Pairs} pairs of {Size} px, scenes of seed {Seed}, tokenizer {Tokenizer}. The true answer is the content's scene in the style's material, colours and light.\n\n");
        text.Append("| way | PSNR to the true answer, dB | RMS error | SSIM | edges kept | colour moved | texture moved |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (var row in Rows)
            text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Psnr:0.00} | {row.Error:0.0} | {row.Ssim:0.000} | {row.EdgesKept:0.000} | {row.ColourMoved:0.00} | {row.TextureMoved:0.00} |\n");
        text.Append(CultureInfo.InvariantCulture, $"\nNearest to the true answer: {BestByPsnr}. Columns of sheet.png: content, style, true answer, mean colour transferred, content reconstructed, swap First 0.25, 0.50, 0.75, 1.00, and the nearest.\n");
        return text.ToString();
    }
}
