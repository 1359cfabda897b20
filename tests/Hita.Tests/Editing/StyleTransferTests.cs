using Hita.Editing;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Tests.Editing;

public sealed class StyleTransferTests
{
    [Fact]
    public void At_the_ends_the_codes_are_the_content_s_and_the_style_s()
    {
        using var tokenizer = EditingModels.Tokenizer();
        var features = tokenizer.Features([EditingModels.Photo(64, 64, 1), EditingModels.Photo(64, 64, 2)]);
        var (content, style) = (tokenizer.Quantize(features[0]), tokenizer.Quantize(features[1]));
        Assert.Equal(tokenizer.Encode([EditingModels.Photo(64, 64, 1)])[0].Holistic, content.Holistic);
        Assert.Equal(tokenizer.Encode([EditingModels.Photo(64, 64, 1)])[0].Patches, content.Patches);
        var transfer = new StyleTransfer(tokenizer);
        foreach (var method in Enum.GetValues<StyleMethod>())
        {
            foreach (var order in Enum.GetValues<StyleOrder>())
            {
                var options = new StyleOptions { Method = method, Order = order };
                Assert.Equal(content.Holistic, transfer.Codes(features[0], features[1], options with { Strength = 0 }).Holistic);
                Assert.Equal(style.Holistic, transfer.Codes(features[0], features[1], options).Holistic);
                Assert.Equal(content.Patches, transfer.Codes(features[0], features[1], options).Patches);
                var kept = transfer.Codes(features[0], features[1], options with { KeepOpening = true }).Holistic;
                Assert.Equal(style.Holistic.SkipLast(4).Concat(content.Holistic.TakeLast(4)), kept);
            }
        }
    }

    [Theory]
    [InlineData(StyleOrder.First, "0 1 2 3")]
    [InlineData(StyleOrder.Last, "12 13 14 15")]
    [InlineData(StyleOrder.Spread, "2 6 10 14")]
    public void A_quarter_of_the_strength_swaps_a_quarter_of_the_codes(StyleOrder order, string expected)
    {
        using var tokenizer = EditingModels.Tokenizer();
        var content = tokenizer.Features([EditingModels.Photo(64, 64, 1)])[0];
        // Vectors opposite to the content's have other codes everywhere.
        var style = new Hita.Tokenization.ImageFeatures([.. content.Holistic.Select(static v => -v)], [.. content.Patches], 4, 4);
        var own = tokenizer.Quantize(content).Holistic;
        var mixed = new StyleTransfer(tokenizer).Codes(content, style, new StyleOptions { Strength = 0.25, Order = order }).Holistic;
        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, 16).Where(i => own[i] != mixed[i])));
    }

    [Fact]
    public void The_most_different_codes_go_first_when_asked()
    {
        using var tokenizer = EditingModels.Tokenizer();
        var content = tokenizer.Features([EditingModels.Photo(64, 64, 1)])[0];
        var dimensions = content.Holistic.Count / 16;
        var style = new Hita.Tokenization.ImageFeatures(
            [.. content.Holistic.Select((v, i) => i / dimensions is 3 or 8 ? -v : v)], [.. content.Patches], 4, 4);
        var own = tokenizer.Quantize(content).Holistic;
        var mixed = new StyleTransfer(tokenizer).Codes(content, style, new StyleOptions { Strength = 0.125, Order = StyleOrder.ByDifference }).Holistic;
        Assert.Equal([3, 8], Enumerable.Range(0, 16).Where(i => own[i] != mixed[i]));
    }

    [Theory]
    [InlineData(64, 64, 0, 64)]
    [InlineData(120, 70, 25, 70)]
    [InlineData(30, 90, 0, 30)]
    public void Outside_the_centre_square_the_image_stays_as_it_is(int width, int height, int left, int side)
    {
        using var tokenizer = EditingModels.Tokenizer();
        var content = EditingModels.Photo(width, height, 1);
        var result = new StyleTransfer(tokenizer).Apply(content, EditingModels.Photo(77, 50, 2));
        var mask = ImageMask.Box(width, height, new PixelBox(left, (height - side) / 2, side, side));
        Assert.Equal(0, EditingModels.Differences(content, result, mask, marked: false));
        Assert.InRange(EditingModels.Differences(content, result, mask, marked: true), 0.9 * mask.Count, mask.Count);
    }

    [Fact]
    public void The_whole_shape_is_worked_on_when_asked()
    {
        using var tokenizer = EditingModels.Tokenizer();
        var content = EditingModels.Photo(128, 70, 1);
        var result = new StyleTransfer(tokenizer).Apply(content, EditingModels.Photo(64, 64, 2), wholeShape: true);
        Assert.Equal((128, 70), (result.Width, result.Height));
        var all = new ImageMask(128, 70);
        all.Marks.Fill(true);
        Assert.InRange(EditingModels.Differences(content, result, all, marked: true), 0.9 * all.Count, all.Count);
    }

    [Fact]
    public void Without_strength_it_is_the_reconstruction_with_fresh_weights_too()
    {
        using var tokenizer = EditingModels.FreshTokenizer();
        var content = EditingModels.Photo(64, 64, 1);
        var result = new StyleTransfer(tokenizer).Apply(content, EditingModels.Photo(64, 64, 2), new StyleOptions { Strength = 0 });
        EditingModels.AssertSame(tokenizer.Reconstruct(content).Image, result);
    }

    [Fact]
    public void A_model_without_holistic_codes_and_impossible_settings_are_refused()
    {
        using var vanilla = EditingModels.Tokenizer("tiny-llamagen");
        Assert.Contains("patch codes only", Assert.Throws<HitaException>(() => new StyleTransfer(vanilla)).Message, StringComparison.Ordinal);
        var error = Assert.Throws<ConfigException>(() => new StyleOptions { Strength = 1.5, Order = (StyleOrder)7 }.Validate());
        Assert.Equal(2, error.Faults.Count);
        Assert.Throws<ConfigException>(() => new StyleOptions { Strength = double.NaN }.Validate());
    }
}
