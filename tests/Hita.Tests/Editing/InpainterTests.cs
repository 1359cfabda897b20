using Hita.Editing;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Tests.Editing;

public sealed class InpainterTests
{
    private static readonly InpaintOptions Defaults = new() { Drawing = new DrawingOptions { Class = 3, Seed = 5 } };

    public static TheoryData<int, int, string> Pictures => new()
    {
        { 64, 64, "20,10,24,30" }, { 100, 80, "30,20,40,25" }, { 150, 150, "10,90,12,9" }, { 40, 50, "8,8,20,20" },
        { 90, 40, "0,20,90,20" }, { 64, 64, "0,32,64,32" }, { 70, 65, "-5,-5,30,200" },
    };

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Pixels_outside_the_mask_stay_exactly_and_those_inside_are_painted(int width, int height, string box)
    {
        using var pipeline = EditingModels.Pipeline();
        var picture = EditingModels.Photo(width, height);
        var mask = PictureMask.Box(width, height, PixelBox.Parse(box));
        var result = new Inpainter(pipeline).Fill(picture, mask, Defaults).Picture;
        Assert.Equal(0, EditingModels.Differences(picture, result, mask, marked: false));
        // Noise meets noise in a few pixels by chance.
        Assert.InRange(EditingModels.Differences(picture, result, mask, marked: true), 0.95 * mask.Count, mask.Count);
        Assert.InRange(EditingModels.Differences(MeanFill.Fill(picture, mask), result, mask, marked: true), 0.5 * mask.Count, mask.Count);
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
            var picture = EditingModels.Photo(width, height);
            var mask = PictureMask.Box(width, height, PixelBox.Parse(box));
            var painter = new Inpainter(pipeline);
            var result = painter.Fill(picture, mask, options);
            var other = painter.Fill(EditingModels.Disturbed(picture, mask, 99), mask, options);
            EditingModels.AssertSame(result.Picture, other.Picture);
            foreach (var (a, b) in result.Windows.Zip(other.Windows))
            {
                Assert.Equal(a.Candidates.Select(static c => c.LogLikelihood), b.Candidates.Select(static c => c.LogLikelihood));
                foreach (var (x, y) in a.Candidates.Zip(b.Candidates))
                    EditingModels.AssertSame(x.Picture!, y.Picture!);
            }
        }
    }

    [Fact]
    public void The_likeliest_candidate_stays_and_all_are_numbered()
    {
        using var pipeline = EditingModels.Pipeline();
        var picture = EditingModels.Photo(64, 64);
        var mask = PictureMask.Box(64, 64, new PixelBox(16, 16, 20, 20));
        var painter = new Inpainter(pipeline);
        var result = painter.Fill(picture, mask, Defaults with { Passes = 1, Candidates = 6, KeepCandidates = true });
        var window = Assert.Single(result.Windows);
        Assert.True(window.ScoredCodes > 0);
        Assert.Equal([0L, 1, 2, 3, 4, 5], window.Candidates.Select(static c => c.Number).Order());
        Assert.Equal(window.Candidates.Select(static c => c.LogLikelihood).OrderDescending(), window.Candidates.Select(static c => c.LogLikelihood));
        Assert.True(window.Candidates[0].LogLikelihood > window.Candidates[^1].LogLikelihood);
        EditingModels.AssertSame(window.Candidates[0].Picture!, result.Picture);

        // A single candidate under the winner's number is the winner.
        var again = painter.Fill(picture, mask, Defaults with
        {
            Passes = 1,
            Candidates = 1,
            Drawing = Defaults.Drawing with { FirstImage = window.Candidates[0].Number },
        });
        EditingModels.AssertSame(result.Picture, again.Picture);
    }

    [Fact]
    public void Every_setting_changes_the_result()
    {
        using var pipeline = EditingModels.Pipeline();
        var picture = EditingModels.Photo(96, 96);
        var mask = PictureMask.Box(96, 96, new PixelBox(36, 30, 30, 30));
        var painter = new Inpainter(pipeline);
        InpaintOptions[] variants =
        [
            Defaults,
            Defaults with { Holistic = HolisticSource.Generated },
            Defaults with { Passes = 1 },
            Defaults with { Candidates = 9 },
            Defaults with { Feather = 0 },
            Defaults with { WindowSide = 90 },
            Defaults with { Codes = DrawnCodes.Painting },
            Defaults with { Codes = DrawnCodes.Covered },
            Defaults with { Drawing = Defaults.Drawing with { Seed = 6 } },
            Defaults with { Drawing = Defaults.Drawing with { FirstImage = 50 } },
            Defaults with { Drawing = Defaults.Drawing with { Class = 4 } },
            Defaults with { Drawing = Defaults.Drawing with { Class = null } },
            Defaults with { Drawing = Defaults.Drawing with { Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 4 } } } },
            Defaults with { Drawing = Defaults.Drawing with { Boundary = BoundaryMode.Published } },
        ];
        var results = variants.Select(v => Convert.ToBase64String(painter.Fill(picture, mask, v).Picture.Pixels)).ToList();
        Assert.Equal(results.Count, results.Distinct().Count());
        Assert.Equal(results[0], Convert.ToBase64String(painter.Fill(picture, mask, Defaults).Picture.Pixels));
        Assert.Equal(results[0], Convert.ToBase64String(painter.Fill(picture, mask, Defaults with { Drawing = Defaults.Drawing with { BatchSize = 1 } }).Picture.Pixels));
    }

    [Fact]
    public void A_mask_beyond_one_window_is_filled_in_several()
    {
        using var pipeline = EditingModels.Pipeline();
        var picture = EditingModels.Photo(200, 64);
        var mask = PictureMask.LowerHalf(200, 64);
        var result = new Inpainter(pipeline).Fill(picture, mask, Defaults);
        Assert.InRange(result.Windows.Count, 3, 7);
        Assert.Equal(0, EditingModels.Differences(picture, result.Picture, mask, marked: false));
        Assert.InRange(EditingModels.Differences(MeanFill.Fill(picture, mask), result.Picture, mask, marked: true), 0.9 * mask.Count, mask.Count);
    }

    [Theory]
    [InlineData(0, 0, 40, 0)]
    [InlineData(30, 5, 90, 70)]
    [InlineData(0, 150, 0, 0)]
    public void An_extended_picture_holds_the_original_unchanged(int left, int top, int right, int bottom)
    {
        using var pipeline = EditingModels.Pipeline();
        var picture = EditingModels.Photo(80, 64);
        var result = new Inpainter(pipeline).Extend(picture, new Margins(left, top, right, bottom), Defaults).Picture;
        Assert.Equal((80 + left + right, 64 + top + bottom), (result.Width, result.Height));
        EditingModels.AssertSame(picture, result.Crop(left, top, 80, 64));
        // No pixel is left black or in the plain colour: each added row and column holds several colours.
        var added = new Margins(left, top, right, bottom).Around(picture).Added;
        var plain = MeanFill.Fill(result, added, MeanFill.Mean(new Margins(left, top, right, bottom).Around(picture).Canvas, added));
        Assert.InRange(EditingModels.Differences(plain, result, added, marked: true), 0.9 * added.Count, added.Count);
    }

    [Fact]
    public void Changing_the_class_of_a_box_is_in_painting_with_that_class()
    {
        using var pipeline = EditingModels.Pipeline();
        var picture = EditingModels.Photo(64, 64);
        var box = new PixelBox(10, 10, 30, 30);
        var painter = new Inpainter(pipeline);
        EditingModels.AssertSame(
            painter.Fill(picture, PictureMask.Box(64, 64, box), Defaults).Picture, painter.EditClass(picture, box, Defaults).Picture);
        Assert.Throws<HitaException>(() => painter.EditClass(picture, box, new InpaintOptions()));
    }

    [Fact]
    public void The_vanilla_family_paints_too()
    {
        using var pipeline = EditingModels.Pipeline("tiny-llamagen");
        var picture = EditingModels.Photo(64, 64);
        var mask = PictureMask.LowerHalf(64, 64);
        var result = new Inpainter(pipeline).Fill(picture, mask, Defaults);
        Assert.Equal(0, EditingModels.Differences(picture, result.Picture, mask, marked: false));
        Assert.Equal(0, result.Windows[0].ScoredCodes);
    }

    [Fact]
    public void Progress_is_told_and_cancelling_stops()
    {
        using var pipeline = EditingModels.Pipeline();
        var picture = EditingModels.Photo(64, 64);
        var mask = PictureMask.Box(64, 64, new PixelBox(16, 16, 20, 20));
        var reports = new List<EditProgress>();
        new Inpainter(pipeline).Fill(picture, mask, Defaults with { Passes = 2 }, new Direct(reports.Add));
        Assert.Equal(reports[^1].Total, reports[^1].Done);
        Assert.True(reports.Zip(reports.Skip(1)).All(static p => p.First.Done < p.Second.Done));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => new Inpainter(pipeline).Fill(
            picture, mask, Defaults, new Direct(p => { if (p.Done > 40) stop.Cancel(); }), stop.Token));
    }

    [Fact]
    public void What_cannot_be_painted_is_refused_in_a_sentence()
    {
        using var pipeline = EditingModels.Pipeline();
        var painter = new Inpainter(pipeline);
        var picture = EditingModels.Photo(100, 70);
        var full = new PictureMask(100, 70);
        full.Marks.Fill(true);
        Refused("marks no pixel", () => painter.Fill(picture, new PictureMask(100, 70)));
        Refused("marks every pixel", () => painter.Fill(picture, full));
        Refused("another shape", () => painter.Fill(picture, PictureMask.LowerHalf(100, 100)));
        Refused("8 to 70 are", () => painter.Fill(picture, PictureMask.LowerHalf(100, 70), Defaults with { WindowSide = 71 }));
        Refused("0 to 9", () => painter.Fill(picture, PictureMask.LowerHalf(100, 70), Defaults with { Drawing = new DrawingOptions { Class = 10 } }));
        Refused("no margin", () => painter.Extend(picture, default));
        Refused("16384 a side", () => painter.Extend(picture, new Margins(20000, 0, 0, 0)));
        var faults = Assert.Throws<ConfigException>(() => new InpaintOptions { Candidates = 0, Passes = 17, Feather = double.NaN, Codes = (DrawnCodes)9 }.Validate());
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
