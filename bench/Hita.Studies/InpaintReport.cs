using System.Globalization;
using System.Text;
using Hita.Imaging;

namespace Hita.Studies;

/// <summary>Sums for one way to fill one kind of mask.</summary>
internal sealed class InpaintTally
{
    private double _error, _psnr, _seam, _features;
    private int _count, _agree, _right, _judged, _described;

    /// <summary>The mean squared error inside the mask, in levels of 255 squared.</summary>
    public static double Error(Image original, Image filled, ImageMask mask)
    {
        long sum = 0;
        var count = 0;
        for (var i = 0; i < mask.Marks.Length; i++)
        {
            if (!mask.Marks[i])
                continue;
            for (var c = 3 * i; c < (3 * i) + 3; c++)
            {
                var difference = original.Pixels[c] - filled.Pixels[c];
                sum += difference * difference;
            }
            count += 3;
        }
        return (double)sum / count;
    }

    /// <summary>The mean step from a free pixel to a marked one beside it, in levels of 255: a seam, beyond what the original has there.</summary>
    public static double Seam(Image filled, ImageMask mask)
    {
        long sum = 0;
        var count = 0;
        for (var y = 0; y < mask.Height; y++)
        {
            for (var x = 0; x < mask.Width; x++)
            {
                Step(x, y, x + 1, y);
                Step(x, y, x, y + 1);
            }
        }
        return count == 0 ? 0 : (double)sum / count;

        void Step(int x, int y, int nextX, int nextY)
        {
            if (nextX >= mask.Width || nextY >= mask.Height || mask[x, y] == mask[nextX, nextY])
                return;
            for (var c = 0; c < Image.Channels; c++)
                sum += Math.Abs(filled.Row(y)[(Image.Channels * x) + c] - filled.Row(nextY)[(Image.Channels * nextX) + c]);
            count += Image.Channels;
        }
    }

    public void Add(double error, double seam, bool? agrees, bool? isRight, double? features)
    {
        _features += features ?? 0;
        _described += features is null ? 0 : 1;
        _seam += seam;
        _error += error;
        _psnr += 10 * Math.Log10(255.0 * 255 / Math.Max(error, 1e-4));
        _count++;
        _judged += agrees is null ? 0 : 1;
        _agree += agrees == true ? 1 : 0;
        _right += isRight == true ? 1 : 0;
    }

    public InpaintRow Row(string mask, string way) => new(
        mask, way, _psnr / _count, Math.Sqrt(_error / _count), _seam / _count, _judged == 0 ? null : (double)_agree / _judged, _judged == 0 ? null : (double)_right / _judged,
        _described == 0 ? null : _features / _described);
}

/// <summary>What was measured of one way to fill one kind of mask.</summary>
/// <param name="Mask">The mask.</param>
/// <param name="Way">The way.</param>
/// <param name="Psnr">The mean PSNR inside the mask, in decibels.</param>
/// <param name="Error">The root of the mean squared error inside the mask, in levels of 255.</param>
/// <param name="Seam">The mean step across the mask's edge, in levels of 255; the original's own is its details.</param>
/// <param name="Agreement">The share of the images in which the judge sees what it sees in the original.</param>
/// <param name="Recognised">The share of the images in which the judge sees the true class.</param>
/// <param name="Features">The mean distance of deep features from the original's; null without a network.</param>
internal sealed record InpaintRow(string Mask, string Way, double Psnr, double Error, double Seam, double? Agreement, double? Recognised, double? Features);

/// <summary>The study's result.</summary>
internal sealed record InpaintReport(
    string Tokenizer, string Generator, string Data, int Images, int Candidates, float Guidance, string? Judge, string? Network, IReadOnlyList<InpaintRow> Rows)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public Image? Sheet { get; init; }

    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# In-painting\n\n{Images} images of {Data}; {Candidates} candidates, guidance {Guidance}, tokenizer {Tokenizer}, generator {Generator}. The judge: {Judge ?? "none"}. Deep features: {Network ?? "none"}.\n");
        foreach (var mask in Rows.Select(static r => r.Mask).Distinct())
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {char.ToUpperInvariant(mask[0])}{mask[1..]}\n\n| way | PSNR inside, dB | RMS error | step at the seam | agrees with the original | true class seen | distance of deep features |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
            foreach (var row in Rows.Where(r => r.Mask == mask))
                text.Append(CultureInfo.InvariantCulture, $"| {row.Way} | {(row.Way == "original" ? "exact" : row.Psnr.ToString("0.00", CultureInfo.InvariantCulture))} | {row.Error:0.0} | {row.Seam:0.0} | {Percent(row.Agreement)} | {Percent(row.Recognised)} | {row.Features?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–"} |\n");
        }
        text.Append("\nColumns of sheet.png: original, mean fill, harmonic fill, first candidate, ranked, best by PSNR; three rows an image.\n");
        return text.ToString();
    }

    private static string Percent(double? share) => share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{100 * value:0.0} %") : "not judged";
}
