using Hita.Editing;
using Hita.Generation;
using Hita.Imaging;
using Hita.Tokenization;

namespace Hita.Tests.Editing;

/// <summary>From a mask to patches and codes, and from decoded patches back to pixels.</summary>
public sealed class MaskTests
{
    [Theory]
    [InlineData("0,0,16,16", "0")]
    [InlineData("15,15,2,2", "0 1 4 5")]
    [InlineData("63,63,1,1", "15")]
    [InlineData("0,32,64,32", "8 9 10 11 12 13 14 15")]
    public void A_patch_is_masked_if_any_pixel_of_it_is(string box, string patches) =>
        Assert.Equal(patches, Marked(MaskedGrid.Patches(ImageMask.Box(64, 64, PixelBox.Parse(box)), 4, 4)));

    [Fact]
    public void In_a_window_that_is_scaled_a_pixel_may_touch_two_patches()
    {
        // 10 pixels for 4 patches: a patch is 2.5 pixels wide.
        Assert.Equal("0 1", Marked(MaskedGrid.Patches(ImageMask.Box(10, 10, new PixelBox(2, 0, 1, 1)), 4, 4)));
        Assert.Equal("1", Marked(MaskedGrid.Patches(ImageMask.Box(10, 10, new PixelBox(3, 0, 1, 1)), 4, 4)));
    }

    [Theory]
    [InlineData(SampledCodes.Covered, 2, "6 7")]
    [InlineData(SampledCodes.Decoding, 2, "4 5")]
    [InlineData(SampledCodes.Both, 2, "4 5 6 7")]
    [InlineData(SampledCodes.Both, 0, "6 7")]
    public void Codes_are_sampled_that_read_or_decode_a_masked_patch(SampledCodes sampled, int shift, string unknown)
    {
        var codes = new ImageCodes([1, 2], [.. Enumerable.Range(10, 16)], 4, 4);
        var patches = new bool[16];
        patches[6] = patches[7] = true;
        var known = MaskedGrid.Known(codes, patches, sampled, shift, keepsHolistic: true);
        Assert.Equal([1, 2], known.Holistic);
        Assert.Equal(unknown, Marked([.. known.Patches.Select(static c => c == PartialCodes.Unknown)]));
        Assert.All(known.Patches.Select(static (c, i) => (c, i)).Where(static p => p.c >= 0), static p => Assert.Equal(p.i + 10, p.c));
        Assert.Equal([-1, -1], MaskedGrid.Known(codes, patches, sampled, shift, keepsHolistic: false).Holistic);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(30)]
    public void Joining_keeps_the_outside_and_never_reads_under_the_mask(double feather)
    {
        var image = EditingModels.Photo(50, 40, 1);
        var decoded = EditingModels.Photo(50, 40, 2);
        var mask = ImageMask.Box(50, 40, new PixelBox(12, 9, 25, 20));
        var joined = MaskBlend.Join(image, decoded, mask, feather);
        Assert.Equal(0, EditingModels.Differences(image, joined, mask, marked: false));
        EditingModels.AssertSame(joined, MaskBlend.Join(EditingModels.Disturbed(image, mask, 5), decoded, mask, feather));
        if (feather == 0)
            Assert.Equal(0, EditingModels.Differences(decoded, joined, mask, marked: true));
    }

    [Fact]
    public void A_step_at_the_seam_is_spread_over_the_feather_and_gone_behind_it()
    {
        var image = new Image(60, 60);
        image.Fill(140, 140, 140);
        var decoded = new Image(60, 60);
        decoded.Fill(100, 100, 100);
        var mask = ImageMask.Box(60, 60, new PixelBox(10, 10, 40, 40));
        var joined = MaskBlend.Join(image, decoded, mask, 8);
        Assert.InRange(joined[10, 30].Red, 130, 139);
        Assert.InRange(joined[14, 30].Red, 110, 130);
        Assert.Equal(100, joined[30, 30].Red);
        for (var x = 10; x < 18; x++)
            Assert.True(joined[x, 30].Red >= joined[x + 1, 30].Red);
    }

    [Fact]
    public void Windows_cover_every_mark_and_grow_from_what_is_known()
    {
        var (_, mask) = new Margins(70, 0, 130, 90).Around(new Image(64, 64));
        var boxes = new List<PixelBox>();
        while (mask.Bounds is not null)
        {
            var box = WindowPlan.Next(mask, 64, 64);
            Assert.True(box is { X: >= 0, Y: >= 0 } && box.Right <= mask.Width && box.Bottom <= mask.Height);
            var part = mask.Crop(box);
            Assert.InRange(part.Count, 1, 64 * 64);
            // Only where nothing better is left does a window start without a known pixel.
            Assert.InRange(part.Count, 1, (64 * 64) - 1);
            for (var y = box.Y; y < box.Bottom; y++)
                mask.Row(y)[box.X..box.Right].Clear();
            boxes.Add(box);
        }
        Assert.InRange(boxes.Count, 10, 60);
        Assert.Equal(boxes.Count, boxes.Distinct().Count());
    }

    [Fact]
    public void A_small_mask_gets_one_window_around_it()
    {
        var mask = ImageMask.Box(300, 200, new PixelBox(100, 90, 20, 10));
        Assert.Equal(new PixelBox(78, 63, 64, 64), WindowPlan.Next(mask, 64, 64));
        Assert.Equal(new PixelBox(236, 0, 64, 64), WindowPlan.Next(ImageMask.Box(300, 200, new PixelBox(290, 0, 10, 10)), 64, 64));
    }

    private static string Marked(bool[] marks) => string.Join(' ', Enumerable.Range(0, marks.Length).Where(i => marks[i]));
}
