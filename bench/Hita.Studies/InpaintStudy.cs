using Hita.Editing;
using Hita.Evaluation.Features;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Studies;

/// <summary>Measures in-painting on true images, against fills without a model, with and without ranking.</summary>
/// <param name="pipeline">The model.</param>
/// <param name="vanilla">A model of the vanilla family to compare with; null for none.</param>
/// <param name="judge">Says what images show; may be null.</param>
/// <param name="images">The true images, which no model was trained on.</param>
internal sealed class InpaintStudy(ImagePipeline pipeline, ImagePipeline? vanilla, Judge? judge, StudyImages images)
{
    private const int SheetRows = 4;

    /// <summary>Fillings a scene.</summary>
    public int Candidates { get; init; } = 8;

    /// <summary>Guidance.</summary>
    public float Guidance { get; init; } = 1;

    /// <summary>Says how far a filled image is from the original by its deep features; may be null.</summary>
    public FeatureNetwork? Network { get; init; }

    /// <summary>Whether other settings than the defaults are measured too.</summary>
    public bool Variants { get; init; } = true;

    public InpaintReport Run(int count, Action<string> say, CancellationToken cancellation)
    {
        foreach (var models in (ImagePipeline?[])[pipeline, vanilla])
        {
            if (models is not null && (models.Generator.Config.ClassCount != images.ClassCount || models.Width != models.Height))
                throw new HitaException($"The study needs models of square images of the {images.ClassCount} classes of {images.Description}; this one knows {models.Generator.Config.ClassCount}.");
        }
        if (count > images.Count)
            throw new HitaException($"--count is {count}, and {images.Description} has {images.Count} images.");
        var tallies = new Dictionary<(string Mask, string Way), InpaintTally>();
        var sheet = new List<Image>();
        for (var i = 0; i < count; i++)
        {
            var image = images.At(i, pipeline.Width);
            foreach (var mask in InpaintMasks.Names)
            {
                cancellation.ThrowIfCancellationRequested();
                var marks = InpaintMasks.Make(mask, image.Width, image.Height, i);
                var results = Results(image, marks, images.ClassAt(i), i, cancellation);
                Judged(mask, image, marks, images.ClassAt(i), results, tallies);
                if (i < SheetRows)
                {
                    var holes = MeanFill.Fill(image, marks);
                    sheet.AddRange([image, holes, results["harmonic fill"], results["first candidate"], results["ranked candidates"], results["best candidate by PSNR (not known in practice)"]]);
                }
            }
            if ((i + 1) % 10 == 0)
                say($"inpaint: {i + 1} of {count} images");
        }
        return new InpaintReport(
            pipeline.Tokenizer.ModelHash, pipeline.Generator.ModelHash, images.Description, count, Candidates, Guidance, judge?.Description, Network?.Name,
            [.. tallies.Select(static t => t.Value.Row(t.Key.Mask, t.Key.Way))])
        {
            Sheet = ImageGrid.Compose(sheet, columns: 6),
        };
    }

    private Dictionary<string, Image> Results(Image image, ImageMask mask, int number, int index, CancellationToken cancellation)
    {
        var results = new Dictionary<string, Image>
        {
            ["original"] = image,
            ["mean fill"] = MeanFill.Fill(image, mask),
            ["harmonic fill"] = HarmonicFill.Fill(image, mask),
        };
        var defaults = new InpaintOptions
        {
            Candidates = Candidates,
            KeepCandidates = true,
            Sampling = new EditSamplingOptions
            {
                Class = number,
                Seed = (ulong)index,
                Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = Guidance } },
            },
        };
        Candidate(results, "", pipeline, image, mask, defaults, cancellation);
        if (Variants)
        {
            Candidate(results, "generated holistic codes: ", pipeline, image, mask, defaults with { Holistic = HolisticSource.Generated }, cancellation);
            Candidate(results, "no class: ", pipeline, image, mask, defaults with { Sampling = defaults.Sampling with { Class = null } }, cancellation);
            Candidate(results, "one pass: ", pipeline, image, mask, defaults with { Passes = 1 }, cancellation);
            Candidate(results, "generated, one pass: ", pipeline, image, mask, defaults with { Holistic = HolisticSource.Generated, Passes = 1 }, cancellation);
            Candidate(results, "decoding codes sampled: ", pipeline, image, mask, defaults with { Codes = SampledCodes.Decoding }, cancellation);
            Candidate(results, "covered codes sampled: ", pipeline, image, mask, defaults with { Codes = SampledCodes.Covered }, cancellation);
            Candidate(results, "hard edge: ", pipeline, image, mask, defaults with { Feather = 0 }, cancellation);
        }
        if (vanilla is not null)
            Candidate(results, "vanilla family: ", vanilla, image, mask, defaults, cancellation);
        return results;
    }

    // The likeliest candidate stands first; the first that was sampled has the lowest number.
    private static void Candidate(
        Dictionary<string, Image> results, string prefix, ImagePipeline models, Image image, ImageMask mask, InpaintOptions options, CancellationToken cancellation)
    {
        var candidates = new Inpainter(models).Fill(image, mask, options, cancellation: cancellation).Windows[0].Candidates;
        results[prefix + "first candidate"] = candidates.MinBy(static c => c.Number)!.Image!;
        results[prefix + "ranked candidates"] = candidates[0].Image!;
        results[prefix + "best candidate by PSNR (not known in practice)"] = candidates.MinBy(c => InpaintTally.Error(image, c.Image!, mask))!.Image!;
    }

    private void Judged(
        string mask, Image image, ImageMask marks, int number, Dictionary<string, Image> results, Dictionary<(string Mask, string Way), InpaintTally> tallies)
    {
        var names = results.Keys.ToList();
        var filled = names.ConvertAll(n => results[n]);
        var seen = judge?.Classes(filled);
        var described = Network?.Describe(filled);
        for (var i = 0; i < names.Count; i++)
        {
            if (!tallies.TryGetValue((mask, names[i]), out var tally))
                tallies[(mask, names[i])] = tally = new InpaintTally();
            // The original is the first of them.
            tally.Add(InpaintTally.Error(image, filled[i], marks), InpaintTally.Seam(filled[i], marks), seen is null ? null : seen[i] == seen[0], seen is null ? null : seen[i] == number, described?[i].ContentDistance(described[0]));
        }
    }
}
