using Hita.Evaluation.Features;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Imaging;
using Hita.Materials;
using Hita.Models;
using Hita.Runtime;
using Hita.Studies;
using Hita.Tests.Data;
using Hita.Tests.Editing;
using Hita.Tests.Support;

namespace Hita.Tests.Studies;

/// <summary>The studies' measures, and both studies once on small models.</summary>
public sealed class StudyTests
{
    [Fact]
    public void A_restyled_scene_keeps_shape_and_pose_and_takes_the_rest()
    {
        var set = new MaterialsSet(5);
        var (content, style) = (set.Scene(3), set.Scene(44));
        var truth = ScenePairs.Restyled(content, style);
        Assert.Equal((content.Shape, content.Yaw, content.Scale, content.PlaceX, content.Backdrop), (truth.Shape, truth.Yaw, truth.Scale, truth.PlaceX, truth.Backdrop));
        Assert.Equal((style.Material, style.Colour, style.LightAzimuth, style.FloorColour), (truth.Material, truth.Colour, truth.LightAzimuth, truth.FloorColour));
        Assert.Equal(content, ScenePairs.Restyled(content, content));
    }

    [Fact]
    public void Measures_are_zero_or_one_where_they_must_be()
    {
        var (a, b) = (ScenePairs.Render(new MaterialsSet(1).Scene(2), 64), ScenePairs.Render(new MaterialsSet(1).Scene(9), 64));
        Assert.Equal(1, ImageStatistics.EdgeCorrelation(a, a), 1e-9);
        Assert.InRange(ImageStatistics.EdgeCorrelation(a, b), -0.5, 0.9);
        Assert.Equal((0, 0), (ImageStatistics.ColourDistance(a, a), ImageStatistics.TextureDistance(a, a)));
        var moved = ImageStatistics.MeanColourTransfer(a, b);
        Assert.True(ImageStatistics.ColourDistance(moved, b) < ImageStatistics.ColourDistance(a, b));
        Assert.InRange(ImageStatistics.EdgeCorrelation(moved, a), 0.9, 1);

        // Smoothing takes texture away and leaves the mean colour.
        var smooth = a.Resize(16, 16).Resize(64, 64);
        Assert.True(ImageStatistics.TextureDistance(a, smooth) > 0.3);
        Assert.InRange(ImageStatistics.ColourDistance(a, smooth), 0, 8);
    }

    [Fact]
    public void Masks_are_what_they_are_called_and_strokes_differ()
    {
        Assert.Equal(64 * 32, InpaintMasks.Make("lower half", 64, 64, 0).Count);
        Assert.Equal(32 * 32, InpaintMasks.Make("centre box", 64, 64, 0).Count);
        var (a, b) = (InpaintMasks.Make("strokes", 64, 64, 1), InpaintMasks.Make("strokes", 64, 64, 2));
        Assert.False(a.Marks.SequenceEqual(b.Marks));
        Assert.True(a.Marks.SequenceEqual(InpaintMasks.Make("strokes", 64, 64, 1).Marks));
        for (var i = 0; i < 20; i++)
            Assert.InRange(InpaintMasks.Make("strokes", 64, 64, i).Count, 64 * 64 / 40, 64 * 64 * 6 / 10);
    }

    [Fact]
    public void The_style_study_measures_every_variant_and_the_baselines()
    {
        using var tokenizer = EditingModels.FreshTokenizer();
        var report = new StyleStudy(tokenizer, 3).Run(2, static _ => { }, CancellationToken.None);
        Assert.Equal(5 + StyleStudy.Variants().Count(), report.Rows.Count);
        Assert.Equal(report.Rows.Count, report.Rows.Select(static r => r.Name).Distinct().Count());
        var rows = report.Rows.ToDictionary(static r => r.Name);
        Assert.Equal((1, 0, 0), (Math.Round(rows["content unchanged"].EdgesKept, 9), rows["content unchanged"].ColourMoved, rows["content unchanged"].TextureMoved));
        Assert.Equal((1, 1), (rows["style unchanged"].ColourMoved, rows["style unchanged"].TextureMoved));
        Assert.InRange(rows["mean colour transferred"].ColourMoved, 0.3, 1);
        Assert.All(report.Rows, static r => Assert.True(double.IsFinite(r.Psnr) && r.Ssim <= 1));
        Assert.Contains(report.BestByPsnr, report.Markdown(), StringComparison.Ordinal);
        Assert.NotNull(report.Sheet);
    }

    [Fact]
    public void The_transfer_study_places_content_and_style_at_the_ends_of_its_scale()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["images"], 3, "ant", "bee");
        using var images = StudyImages.Of(folder["images"], 0);
        using var network = FeatureNetwork.Load("resnet18", ResNet18File.Path());
        using var tokenizer = EditingModels.FreshTokenizer();
        var report = new TransferStudy([("tiny", tokenizer)], network, images).Run(4, static _ => { }, CancellationToken.None);
        var rows = report.Rows.ToDictionary(static r => r.Way);
        Assert.Equal(5, rows.Count);
        Assert.Equal((1, 0), (rows["content unchanged"].ContentKept, rows["content unchanged"].StyleMoved));
        Assert.Equal((0, 1), (rows["style unchanged"].ContentKept, rows["style unchanged"].StyleMoved));
        Assert.Contains("tiny: all holistic codes swapped", report.Markdown(), StringComparison.Ordinal);
        Assert.Contains("--count is 7", Assert.Throws<HitaException>(() => new TransferStudy([("tiny", tokenizer)], network, images).Run(7, static _ => { }, default)).Message, StringComparison.Ordinal);
        Assert.Contains("--tokenizer", Assert.Throws<HitaException>(static () => TransferStudy.OpenTokenizers(["folder"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_inpainting_study_compares_rankings_and_fills()
    {
        Assert.True(GeneratorPresets.TryGet("tiny", out var config));
        using var pipeline = new ImagePipeline(
            ImageGenerator.CreateByName(config with { ClassCount = MaterialsSet.ClassCount }, options: new GeneratorOptions { Threads = 1 }), EditingModels.Tokenizer());
        var report = new InpaintStudy(pipeline, null, null, StudyImages.Scenes(3)) { Candidates = 3, Variants = false }.Run(1, static _ => { }, CancellationToken.None);
        foreach (var mask in InpaintMasks.Names)
        {
            var rows = report.Rows.Where(r => r.Mask == mask).ToDictionary(static r => r.Way);
            Assert.Equal(6, rows.Count);
            Assert.Equal(0, rows["original"].Error);
            Assert.True(rows["best candidate by PSNR (not known in practice)"].Error <= rows["ranked candidates"].Error);
            Assert.True(rows["harmonic fill"].Error > 0);
            // Smoothness from the border beats one plain colour on these scenes.
            Assert.True(rows["harmonic fill"].Error < rows["mean fill"].Error);
        }
        Assert.Contains("not judged", report.Markdown(), StringComparison.Ordinal);
        using var wrong = EditingModels.Pipeline();
        Assert.Contains("36 classes", Assert.Throws<HitaException>(() => new InpaintStudy(wrong, null, null, StudyImages.Scenes(3)).Run(1, static _ => { }, default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_inside_a_mask_ignore_the_outside()
    {
        var (a, b) = (new Image(4, 4), new Image(4, 4));
        b[0, 0] = (30, 0, 0);
        b[3, 3] = (0, 0, 60);
        Assert.Equal(300, InpaintTally.Error(a, b, ImageMask.Box(4, 4, new PixelBox(0, 0, 1, 1))));
        Assert.Equal(0, InpaintTally.Error(a, b, ImageMask.Box(4, 4, new PixelBox(1, 1, 2, 2))));
    }
}
