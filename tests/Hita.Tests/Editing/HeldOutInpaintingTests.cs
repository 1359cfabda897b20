using Hita.Checkpoints;
using Hita.Editing;
using Hita.Imaging;
using Hita.Materials;
using Hita.Models;
using Hita.Studies;

namespace Hita.Tests.Editing;

/// <summary>In-painting with the bundled pipeline on scenes that no training saw: what is new fits what is around it.</summary>
public sealed class HeldOutInpaintingTests(ITestOutputHelper output)
{
    // The means of the first four scenes of the study. With a plain hole and a narrow seam the steps were 9.1, 15.9 and 9.2 levels and the
    // PSNR 16.7, 13.8 and 20.1 dB over its first eight.
    [Theory]
    [InlineData("lower half", 15.0, 8.5)]
    [InlineData("centre box", 14.0, 14.5)]
    [InlineData("strokes", 22.5, 7.5)]
    public void Holes_are_filled_without_a_seam(string name, double minPsnr, double maxStep)
    {
        const int Scenes = 4;
        using var pipeline = NamedModel.OpenPipeline(BundledModels.Materials, BundledModels.Materials, new(), withEncoder: true);
        var set = new MaterialsSet(20260);
        var (psnr, step) = (0.0, 0.0);
        for (var i = 0; i < Scenes; i++)
        {
            var image = ScenePairs.Render(set.Scene(i), pipeline.Width);
            var mask = InpaintMasks.Make(name, image.Width, image.Height, i);
            var options = new InpaintOptions { Candidates = 1, Sampling = new EditSamplingOptions { Class = set.ClassAt(i), Seed = (ulong)i } };
            var filled = new Inpainter(pipeline).Fill(image, mask, options).Image;
            psnr += 10 * Math.Log10(255.0 * 255 / InpaintTally.Error(image, filled, mask)) / Scenes;
            step += InpaintTally.Seam(filled, mask) / Scenes;
        }
        output.WriteLine($"{name}: {psnr:0.00} dB inside, a step of {step:0.0} levels");
        Assert.True(psnr > minPsnr, $"{psnr:0.00} dB");
        Assert.True(step < maxStep, $"{step:0.0} levels");
    }

    [Fact]
    public void The_colour_of_a_hole_is_that_of_its_surroundings_to_the_encoder()
    {
        // Two halves of one colour each, and a hole in one of them: nothing of the other half's colour may come into it.
        using var pipeline = NamedModel.OpenPipeline(BundledModels.Materials, BundledModels.Materials, new(), withEncoder: true);
        var image = new Image(pipeline.Width, pipeline.Height);
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
                image.Row(y).Slice(3 * x, 3).Fill((byte)(x < image.Width / 2 ? 40 : 220));
        }
        var mask = ImageMask.Box(image.Width, image.Height, new PixelBox(4, 20, 16, 16));
        var filled = new Inpainter(pipeline).Fill(image, mask, new InpaintOptions { Candidates = 1 }).Image;
        var inside = Enumerable.Range(20, 16).SelectMany(y => Enumerable.Range(4, 16).Select(x => (double)filled.Row(y)[3 * x])).Average();
        Assert.InRange(inside, 20, 70);
    }
}
