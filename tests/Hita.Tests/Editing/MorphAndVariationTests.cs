using Hita.Editing;
using Hita.Generation;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Tests.Editing;

public sealed class MorphAndVariationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_morph_leads_from_one_reconstruction_to_the_other(bool quantize)
    {
        using var tokenizer = EditingModels.Tokenizer();
        var (a, b) = (EditingModels.Photo(64, 64, 1), EditingModels.Photo(90, 64, 2));
        var frames = new ImageMorph(tokenizer).Render(a, b, new MorphOptions { Frames = 5, Quantize = quantize });
        Assert.Equal(5, frames.Count);
        EditingModels.AssertSame(tokenizer.Reconstruct(a).Image, frames[0]);
        EditingModels.AssertSame(tokenizer.Reconstruct(ImageFit.Square(b, 64)).Image, frames[^1]);
        Assert.False(frames[2].Pixels.SequenceEqual(frames[0].Pixels));
        // The middle is nearer to either end than the ends are to each other.
        Assert.True(ImageComparison.Psnr(frames[0], frames[2]) > ImageComparison.Psnr(frames[0], frames[4]));
    }

    [Fact]
    public void The_patches_of_either_image_can_stay()
    {
        using var tokenizer = EditingModels.Tokenizer();
        var codes = tokenizer.Encode([EditingModels.Photo(64, 64, 1), EditingModels.Photo(64, 64, 2)]);
        foreach (var (patches, kept) in ((MorphPatches, int)[])[(MorphPatches.First, 0), (MorphPatches.Second, 1)])
        {
            var frames = new ImageMorph(tokenizer).Render(
                EditingModels.Photo(64, 64, 1), EditingModels.Photo(64, 64, 2), new MorphOptions { Frames = 3, Patches = patches });
            for (var end = 0; end < 2; end++)
                EditingModels.AssertSame(tokenizer.Decode([new ImageCodes(codes[end].Holistic, codes[kept].Patches, 4, 4)])[0], frames[2 * end]);
        }
    }

    [Fact]
    public void Impossible_morphs_are_refused_and_cancelling_stops()
    {
        Assert.Equal(2, Assert.Throws<ConfigException>(() => new MorphOptions { Frames = 1, Patches = (MorphPatches)5 }.Validate()).Faults.Count);
        using var tokenizer = EditingModels.Tokenizer();
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => new ImageMorph(tokenizer).Render(
            EditingModels.Photo(64, 64), EditingModels.Photo(64, 64, 2), progress: new Direct(p => { if (p.Done == 3) stop.Cancel(); }), cancellation: stop.Token));
    }

    [Theory]
    [InlineData(VariationKeep.Holistic)]
    [InlineData(VariationKeep.Patches)]
    public void Variations_share_one_kind_of_codes_and_differ_in_the_other(VariationKeep keep)
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(64, 64);
        var codes = pipeline.Tokenizer.Encode([image])[0];
        var sampling = new EditSamplingOptions { Class = 2, Seed = 9 };
        var variations = new Variations(pipeline).Generate(image, keep, 3, sampling);
        Assert.Equal([0L, 1, 2], variations.Select(static v => v.Number));
        Assert.Equal(3, variations.Select(static v => Convert.ToBase64String(v.Image.Pixels)).Distinct().Count());
        Assert.All(variations, v => Assert.Equal(keep == VariationKeep.Patches, v.LogLikelihood < 0));

        var nothing = PartialCodes.Nothing(pipeline.Generator.Config);
        var known = keep == VariationKeep.Holistic ? nothing with { Holistic = codes.Holistic } : nothing with { Patches = codes.Patches };
        var sampled = pipeline.Generator.Complete(new GenerationRequest { Classes = [2], Seed = 9, FirstImage = 1, UnseenPatches = 4 }, [known])[0].Codes;
        EditingModels.AssertSame(pipeline.Tokenizer.Decode([sampled])[0], variations[1].Image);
        var second = new Variations(pipeline).Generate(image, keep, 1, sampling with { FirstImage = 1 })[0];
        EditingModels.AssertSame(variations[1].Image, second.Image);
    }

    [Fact]
    public void A_variation_of_a_wide_image_changes_its_centre_square_alone()
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(150, 80);
        var result = new Variations(pipeline).Generate(image, VariationKeep.Holistic)[0].Image;
        var mask = ImageMask.Box(150, 80, new PixelBox(35, 0, 80, 80));
        Assert.Equal(0, EditingModels.Differences(image, result, mask, marked: false));
        Assert.InRange(EditingModels.Differences(image, result, mask, marked: true), 0.9 * mask.Count, mask.Count);
        using var vanilla = EditingModels.Pipeline("tiny-llamagen");
        Assert.Throws<HitaException>(() => new Variations(vanilla).Generate(image, VariationKeep.Patches));
        Assert.Throws<HitaException>(() => new Variations(pipeline).Generate(image, VariationKeep.Patches, 1, new EditSamplingOptions { Class = 10 }));
    }

    private sealed class Direct(Action<EditProgress> action) : IProgress<EditProgress>
    {
        public void Report(EditProgress value) => action(value);
    }
}
