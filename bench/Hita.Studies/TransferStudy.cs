using System.Globalization;
using System.Text;
using Hita.Editing;
using Hita.Evaluation.Features;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Studies;

/// <summary>
/// Measures style transfer on true images, where no right answer is known: how much of what is where stays, and how far textures
/// and colours go to the style's, by a network that no tokenizer was trained with.
/// </summary>
/// <param name="tokenizers">The tokenizers by name; they work at one size.</param>
/// <param name="network">Describes images.</param>
/// <param name="images">The true images, which no tokenizer was trained on.</param>
internal sealed class TransferStudy(IReadOnlyList<(string Name, ImageTokenizer Tokenizer)> tokenizers, FeatureNetwork network, StudyImages images)
{
    private const int SheetRows = 8;

    // An unchanged image would be infinitely near; a hundredth of a level counts as exact.
    private const double Exact = 1e-4;

    /// <summary>Reads NAME=FOLDER and opens the tokenizers.</summary>
    /// <exception cref="HitaException">A text is not of this form, a tokenizer cannot be opened or has no holistic codes, or they work at different sizes.</exception>
    public static IReadOnlyList<(string Name, ImageTokenizer Tokenizer)> OpenTokenizers(IReadOnlyList<string> texts)
    {
        var opened = new List<(string Name, ImageTokenizer Tokenizer)>();
        foreach (var text in texts)
        {
            if (text.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } folder])
                throw new HitaException($"--tokenizer is '{text}'; a name and a folder are wanted, such as injected=runs/tokenizer.");
            opened.Add((name, NamedModel.OpenTokenizer(folder)));
            if (opened[^1].Tokenizer.Config.Holistic is null)
                throw new HitaException($"{folder}: this tokenizer has no holistic codes to swap.");
            if (opened[^1].Tokenizer.Config.ImageSize != opened[0].Tokenizer.Config.ImageSize)
                throw new HitaException($"{folder}: this tokenizer works at {opened[^1].Tokenizer.Config.ImageSize} pixels and the first one at {opened[0].Tokenizer.Config.ImageSize}; they must work at one size.");
        }
        return opened;
    }

    /// <summary>Measures pairs of images of different classes.</summary>
    /// <param name="count">Pairs.</param>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="HitaException">There are fewer images than pairs.</exception>
    public TransferReport Run(int count, Action<string> say, CancellationToken cancellation)
    {
        if (count > images.Count)
            throw new HitaException($"--count is {count}, and {images.Description} has {images.Count} images.");
        var size = tokenizers[0].Tokenizer.Config.ImageSize;
        var sums = new Dictionary<string, (double Kept, double Moved, double Edges, double Colour, double Psnr)>();
        var sheet = new List<Image>();
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (content, style) = (images.At(i, size), images.At(Partner(i, count), size));
            var results = Results(content, style, cancellation);
            var described = network.Describe([content, style, .. results.Select(static r => r.Image)]);
            var (contentApart, styleApart) = (described[0].ContentDistance(described[1]), described[0].StyleDistance(described[1]));
            var colourApart = ImageStatistics.ColourDistance(content, style);
            for (var r = 0; r < results.Count; r++)
            {
                var sum = sums.GetValueOrDefault(results[r].Way);
                sums[results[r].Way] = (
                    sum.Kept + 1 - (described[r + 2].ContentDistance(described[0]) / contentApart),
                    sum.Moved + 1 - (described[r + 2].StyleDistance(described[1]) / styleApart),
                    sum.Edges + ImageStatistics.EdgeCorrelation(results[r].Image, content),
                    sum.Colour + 1 - (ImageStatistics.ColourDistance(results[r].Image, style) / colourApart),
                    sum.Psnr + (10 * Math.Log10(255.0 * 255 / Math.Max(ImageQuality.MeanSquaredError(results[r].Image, content), Exact))));
            }
            if (i < SheetRows)
                sheet.AddRange([content, style, .. results.Skip(2).Select(static r => r.Image)]);
            if ((i + 1) % 20 == 0)
                say($"transfer: {i + 1} of {count} pairs");
        }
        return new TransferReport(
            images.Description, count, network.Name, [.. tokenizers.Select(static t => $"{t.Name} {t.Tokenizer.ModelHash}")],
            [.. sums.Select(s => new TransferRow(s.Key, s.Value.Kept / count, s.Value.Moved / count, s.Value.Edges / count, s.Value.Colour / count, s.Value.Psnr / count))])
        {
            Sheet = ImageGrid.Compose(sheet, columns: sheet.Count / Math.Min(count, SheetRows)),
        };
    }

    // The next image of another class: an apple in the style of an apple would show little.
    private int Partner(int index, int count)
    {
        for (var step = 1; step < images.Count; step++)
        {
            var other = (index + step) % Math.Min(images.Count, Math.Max(count, 2));
            if (images.ClassAt(other) != images.ClassAt(index))
                return other;
        }
        throw new HitaException($"{images.Description}: the first {count} images are all of one class; raise --count.");
    }

    private List<(string Way, Image Image)> Results(Image content, Image style, CancellationToken cancellation)
    {
        var results = new List<(string Way, Image Image)>
        {
            ("content unchanged", content), ("style unchanged", style), ("mean colour transferred", ImageStatistics.MeanColourTransfer(content, style)),
        };
        foreach (var (name, tokenizer) in tokenizers)
        {
            var features = tokenizer.Features([content, style], cancellation: cancellation);
            var transfer = new StyleTransfer(tokenizer);
            var decoded = tokenizer.Decode(
                [tokenizer.Quantize(features[0]), transfer.Codes(features[0], features[1], new StyleOptions())], batchSize: 2, cancellation);
            results.Add(($"{name}: content reconstructed", decoded[0]));
            results.Add(($"{name}: all holistic codes swapped", decoded[1]));
        }
        return results;
    }
}

/// <summary>What was measured of one way, means over the pairs.</summary>
/// <param name="Way">The way.</param>
/// <param name="ContentKept">1 − the distance of deep features to the content's over that of the style's: 1 where all is where it was, 0 where it is as far as the style.</param>
/// <param name="StyleMoved">1 − the distance of Gram matrices to the style's over that of the content's: 0 where nothing moved, 1 where the style is reached, below 0 where it went away.</param>
/// <param name="EdgesKept">The correlation of edges with the content's.</param>
/// <param name="ColourMoved">The share of the way that colour statistics have gone to the style's.</param>
/// <param name="Psnr">PSNR to the content, in decibels: what swapped codes cost tells how much the decoder relies on them.</param>
internal sealed record TransferRow(string Way, double ContentKept, double StyleMoved, double EdgesKept, double ColourMoved, double Psnr);

/// <summary>The study's result.</summary>
internal sealed record TransferReport(string Data, int Pairs, string Network, IReadOnlyList<string> Tokenizers, IReadOnlyList<TransferRow> Rows)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public Image? Sheet { get; init; }

    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Style transfer\n\n{Pairs} pairs of images of different classes of {Data}; tokenizers {string.Join(", ", Tokenizers)}; features of {Network}.\n\n");
        text.Append("| way | content kept | style moved | edges kept | colour moved | PSNR to the content, dB |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (var row in Rows)
            text.Append(CultureInfo.InvariantCulture, $"| {row.Way} | {row.ContentKept:0.000} | {row.StyleMoved:0.000} | {row.EdgesKept:0.000} | {row.ColourMoved:0.000} | {(row.Psnr > 80 ? "exact" : row.Psnr.ToString("0.00", CultureInfo.InvariantCulture))} |\n");
        text.Append(CultureInfo.InvariantCulture, $"\nColumns of sheet.png: content, style, {string.Join(", ", Rows.Skip(2).Select(static r => r.Way))}.\n");
        return text.ToString();
    }
}
