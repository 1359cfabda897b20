using Hita.Editing;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Tests.Editing;

public sealed class InpainterTests
{
    private static readonly InpaintOptions Defaults = new() { Sampling = new EditSamplingOptions { Class = 3, Seed = 5 } };

    public static TheoryData<int, int, string> Images => new()
    {
        { 64, 64, "20,10,24,30" }, { 100, 80, "30,20,40,25" }, { 150, 150, "10,90,12,9" }, { 40, 50, "8,8,20,20" },
        { 90, 40, "0,20,90,20" }, { 64, 64, "0,32,64,32" }, { 70, 65, "-5,-5,30,200" },
    };

    [Theory]
    [MemberData(nameof(Images))]
    public void Pixels_outside_the_mask_stay_exactly_and_those_inside_are_decoded(int width, int height, string box)
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(width, height);
        var mask = ImageMask.Box(width, height, PixelBox.Parse(box));
        var result = new Inpainter(pipeline).Fill(image, mask, Defaults).Image;
        Assert.Equal(0, EditingModels.Differences(image, result, mask, marked: false));
        // Noise meets noise in a few pixels by chance.
        Assert.InRange(EditingModels.Differences(image, result, mask, marked: true), 0.95 * mask.Count, mask.Count);
        Assert.InRange(EditingModels.Differences(MeanFill.Fill(image, mask), result, mask, marked: true), 0.5 * mask.Count, mask.Count);
    }

    [Theory]
    [InlineData(HolisticSource.Encoded, 1, 3, null, GeneratorEngine.Cpu)]
    [InlineData(HolisticSource.Encoded, 2, 2, 0.0, GeneratorEngine.Torch)]
    [InlineData(HolisticSource.Generated, 1, 3, 9.5, GeneratorEngine.Torch)]
    [InlineData(HolisticSource.Generated, 2, 1, null, GeneratorEngine.Cpu)]
    public void Pixels_under_the_mask_do_not_change_the_result(
        HolisticSource holistic, int passes, int candidates, double? feather, GeneratorEngine engine)
    {
        using var pipeline = EditingModels.Pipeline(engine: engine);
        var options = Defaults with { Holistic = holistic, Passes = passes, Candidates = candidates, Feather = feather, KeepCandidates = true };
        // Larger than the window, so that scaling mixes neighbours; and in several windows.
        foreach (var (width, height, box) in ((int, int, string)[])[(150, 110, "31,22,61,40"), (130, 60, "3,21,120,30")])
        {
            var image = EditingModels.Photo(width, height);
            var mask = ImageMask.Box(width, height, PixelBox.Parse(box));
            var inpainter = new Inpainter(pipeline);
            var result = inpainter.Fill(image, mask, options);
            var other = inpainter.Fill(EditingModels.Disturbed(image, mask, 99), mask, options);
            EditingModels.AssertSame(result.Image, other.Image);
            foreach (var (a, b) in result.Windows.Zip(other.Windows))
            {
                Assert.Equal(a.Candidates.Select(static c => c.LogLikelihood), b.Candidates.Select(static c => c.LogLikelihood));
                foreach (var (x, y) in a.Candidates.Zip(b.Candidates))
                    EditingModels.AssertSame(x.Image!, y.Image!);
            }
        }
    }

    [Fact]
    public void The_likeliest_candidate_stays_and_all_are_numbered()
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(64, 64);
        var mask = ImageMask.Box(64, 64, new PixelBox(16, 16, 20, 20));
        var inpainter = new Inpainter(pipeline);
        var result = inpainter.Fill(image, mask, Defaults with { Passes = 1, Candidates = 6, KeepCandidates = true });
        var window = Assert.Single(result.Windows);
        Assert.True(window.ScoredCodes > 0);
        Assert.Equal([0L, 1, 2, 3, 4, 5], window.Candidates.Select(static c => c.Number).Order());
        Assert.Equal(window.Candidates.Select(static c => c.LogLikelihood).OrderDescending(), window.Candidates.Select(static c => c.LogLikelihood));
        Assert.True(window.Candidates[0].LogLikelihood > window.Candidates[^1].LogLikelihood);
        EditingModels.AssertSame(window.Candidates[0].Image!, result.Image);

        // A single candidate under the winner's number is the winner.
        var again = inpainter.Fill(image, mask, Defaults with
        {
            Passes = 1,
            Candidates = 1,
            Sampling = Defaults.Sampling with { FirstImage = window.Candidates[0].Number },
        });
        EditingModels.AssertSame(result.Image, again.Image);
    }

    [Fact]
    public void Every_setting_changes_the_result()
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(96, 96);
        var mask = ImageMask.Box(96, 96, new PixelBox(36, 30, 30, 30));
        var inpainter = new Inpainter(pipeline);
        InpaintOptions[] variants =
        [
            Defaults,
            Defaults with { Holistic = HolisticSource.Generated },
            Defaults with { Passes = 1 },
            Defaults with { Candidates = 9 },
            Defaults with { Feather = 0 },
            Defaults with { WindowSide = 90 },
            Defaults with { Codes = SampledCodes.Decoding },
            Defaults with { Codes = SampledCodes.Covered },
            Defaults with { Sampling = Defaults.Sampling with { Seed = 6 } },
            Defaults with { Sampling = Defaults.Sampling with { FirstImage = 50 } },
            Defaults with { Sampling = Defaults.Sampling with { Class = 4 } },
            Defaults with { Sampling = Defaults.Sampling with { Class = null } },
            Defaults with { Sampling = Defaults.Sampling with { Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 4 } } } },
            Defaults with { Sampling = Defaults.Sampling with { Boundary = BoundaryMode.Published } },
        ];
        var results = variants.Select(v => Convert.ToBase64String(inpainter.Fill(image, mask, v).Image.Pixels)).ToList();
        Assert.Equal(results.Count, results.Distinct().Count());
        Assert.Equal(results[0], Convert.ToBase64String(inpainter.Fill(image, mask, Defaults).Image.Pixels));
        Assert.Equal(results[0], Convert.ToBase64String(inpainter.Fill(image, mask, Defaults with { Sampling = Defaults.Sampling with { BatchSize = 1 } }).Image.Pixels));
    }

    [Fact]
    public void A_mask_beyond_one_window_is_filled_in_several()
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(200, 64);
        var mask = ImageMask.LowerHalf(200, 64);
        var result = new Inpainter(pipeline).Fill(image, mask, Defaults);
        Assert.InRange(result.Windows.Count, 3, 7);
        Assert.Equal(0, EditingModels.Differences(image, result.Image, mask, marked: false));
        Assert.InRange(EditingModels.Differences(MeanFill.Fill(image, mask), result.Image, mask, marked: true), 0.9 * mask.Count, mask.Count);
    }

    [Theory]
    [InlineData(0, 0, 40, 0)]
    [InlineData(30, 5, 90, 70)]
    [InlineData(0, 150, 0, 0)]
    public void An_extended_image_holds_the_original_unchanged(int left, int top, int right, int bottom)
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(80, 64);
        var result = new Inpainter(pipeline).Extend(image, new Margins(left, top, right, bottom), Defaults).Image;
        Assert.Equal((80 + left + right, 64 + top + bottom), (result.Width, result.Height));
        EditingModels.AssertSame(image, result.Crop(left, top, 80, 64));
        // No pixel is left black or in the plain colour: each added row and column holds several colours.
        var added = new Margins(left, top, right, bottom).Around(image).Added;
        var plain = MeanFill.Fill(result, added, MeanFill.Mean(new Margins(left, top, right, bottom).Around(image).Canvas, added));
        Assert.InRange(EditingModels.Differences(plain, result, added, marked: true), 0.9 * added.Count, added.Count);
    }

    [Fact]
    public void Changing_the_class_of_a_box_is_in_decoding_with_that_class()
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(64, 64);
        var box = new PixelBox(10, 10, 30, 30);
        var inpainter = new Inpainter(pipeline);
        EditingModels.AssertSame(
            inpainter.Fill(image, ImageMask.Box(64, 64, box), Defaults).Image, inpainter.EditClass(image, box, Defaults).Image);
        Assert.Throws<HitaException>(() => inpainter.EditClass(image, box, new InpaintOptions()));
    }

    [Fact]
    public void The_vanilla_family_decodes_too()
    {
        using var pipeline = EditingModels.Pipeline("tiny-llamagen");
        var image = EditingModels.Photo(64, 64);
        var mask = ImageMask.LowerHalf(64, 64);
        var result = new Inpainter(pipeline).Fill(image, mask, Defaults);
        Assert.Equal(0, EditingModels.Differences(image, result.Image, mask, marked: false));
        Assert.Equal(0, result.Windows[0].ScoredCodes);
    }

    [Fact]
    public void Progress_is_told_and_cancelling_stops()
    {
        using var pipeline = EditingModels.Pipeline();
        var image = EditingModels.Photo(64, 64);
        var mask = ImageMask.Box(64, 64, new PixelBox(16, 16, 20, 20));
        var reports = new List<EditProgress>();
        new Inpainter(pipeline).Fill(image, mask, Defaults with { Passes = 2 }, new Direct(reports.Add));
        Assert.Equal(reports[^1].Total, reports[^1].Done);
        Assert.True(reports.Zip(reports.Skip(1)).All(static p => p.First.Done < p.Second.Done));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => new Inpainter(pipeline).Fill(
            image, mask, Defaults, new Direct(p => { if (p.Done > 40) stop.Cancel(); }), stop.Token));
    }

    [Fact]
    public void What_cannot_be_decoded_is_refused_in_a_sentence()
    {
        using var pipeline = EditingModels.Pipeline();
        var inpainter = new Inpainter(pipeline);
        var image = EditingModels.Photo(100, 70);
        var full = new ImageMask(100, 70);
        full.Marks.Fill(true);
        Refused("marks no pixel", () => inpainter.Fill(image, new ImageMask(100, 70)));
        Refused("marks every pixel", () => inpainter.Fill(image, full));
        Refused("another shape", () => inpainter.Fill(image, ImageMask.LowerHalf(100, 100)));
        Refused("8 to 70 are", () => inpainter.Fill(image, ImageMask.LowerHalf(100, 70), Defaults with { WindowSide = 71 }));
        Refused("0 to 9", () => inpainter.Fill(image, ImageMask.LowerHalf(100, 70), Defaults with { Sampling = new EditSamplingOptions { Class = 10 } }));
        Refused("no margin", () => inpainter.Extend(image, default));
        Refused("16384 a side", () => inpainter.Extend(image, new Margins(20000, 0, 0, 0)));
        var faults = Assert.Throws<ConfigException>(() => new InpaintOptions { Candidates = 0, Passes = 17, Feather = double.NaN, Codes = (SampledCodes)9 }.Validate());
        Assert.Equal(4, faults.Faults.Count);
        using var decoder = new Hita.Models.ImagePipeline(
            ImageGenerator.Create(pipeline.Generator.Config, 1),
            Hita.Tokenization.ImageTokenizer.CreateByName(pipeline.Tokenizer.Config, options: new Hita.Tokenization.TokenizerOptions { DecoderOnly = true }));
        Refused("loaded for decoding only", () => new Inpainter(decoder));

        static void Refused(string reason, Func<object> edit) =>
            Assert.Contains(reason, Assert.ThrowsAny<HitaException>(edit).Message, StringComparison.Ordinal);
    }

    private sealed class Direct(Action<EditProgress> action) : IProgress<EditProgress>
    {
        public void Report(EditProgress value) => action(value);
    }
}
