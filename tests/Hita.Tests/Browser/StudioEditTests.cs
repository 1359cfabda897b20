using Hita.Editing;
using Hita.Imaging;
using Hita.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Hita.Tests.Browser;

/// <summary>The pages that work on images which a visitor brings.</summary>
[Collection(BrowserCollection.Name)]
[Trait("Category", "Browser")]
public sealed class StudioEditTests(BrowserFixture fixture)
{
    private static readonly byte[] First = ImageFiles.Encode(ImageFiles.Quarters(64, 64), ImageFormat.Png);
    private static readonly byte[] Second = ImageFiles.Encode(ImageFiles.Noise(64, 64, 3), ImageFormat.Png);

    [Fact]
    public async Task A_style_follows_the_slider_and_is_kept_as_the_library_makes_it()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.GoAsync("Style");
        await DropTwoAsync(visitor);
        await Expect(visitor.LargeImage).ToBeVisibleAsync();
        var whole = await visitor.LargeImage.GetAttributeAsync("src");
        await visitor.SetAsync("Strength", 0.25);
        await Expect(visitor.LargeImage).Not.ToHaveAttributeAsync("src", whole!);
        await visitor.SetAsync("Strength", 0.5);
        await visitor.Button("Keep it").ClickAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(1);

        var expected = new StyleTransfer((await fixture.ServerAsync()).Pipeline.Tokenizer)
            .Apply(StudioVisitor.Decode(First), StudioVisitor.Decode(Second), new StyleOptions { Strength = 0.5 });
        var kept = StudioVisitor.Decode(await visitor.DownloadAsync());
        Assert.True(expected.Pixels.SequenceEqual(kept.Pixels));
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task A_morph_has_a_strip_and_becomes_an_animation()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.GoAsync("Morph");
        await DropTwoAsync(visitor);
        await Expect(visitor.Page.Locator(".strip .thumb")).ToHaveCountAsync(7);
        await Expect(visitor.LargeImage).ToBeVisibleAsync();
        var half = await visitor.LargeImage.GetAttributeAsync("src");
        await visitor.SetAsync("On the way", 0.9);
        await Expect(visitor.LargeImage).Not.ToHaveAttributeAsync("src", half!);
        await visitor.SetAsync("Frames of the animation", 8);
        await visitor.Button("Make the animation").ClickAsync();
        // The animation and its strip.
        await Expect(visitor.Thumbs).ToHaveCountAsync(2);
        var file = await visitor.DownloadAsync();
        Assert.Equal("RIFF"u8, file.AsSpan(0, 4));
        Assert.True(file.AsSpan().IndexOf("ANIM"u8) > 0);
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Variations_stand_side_by_side()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.GoAsync("Vary");
        await visitor.DropAsync(0, "first.png", First);
        await visitor.SetAsync("Images", 3);
        await visitor.Button("Vary").ClickAsync();
        await Expect(visitor.Page.Locator("button.pick")).ToHaveCountAsync(3);
        await Expect(visitor.Thumbs).ToHaveCountAsync(3);
        await visitor.Page.Locator("button.pick").Nth(1).ClickAsync();
        Assert.Equal((64, 64), SizeOf(await visitor.DownloadAsync()));
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task What_is_marked_is_filled_and_the_rest_stays()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.GoAsync("In-paint");
        await visitor.DropAsync(0, "first.png", First);
        var canvas = visitor.Page.Locator(".mask-image canvas");
        await Expect(canvas).ToBeVisibleAsync();
        await visitor.Button("Fill").ClickAsync();
        await Expect(visitor.Page.GetByText("Nothing is marked yet")).ToBeVisibleAsync();

        await visitor.Button("Box").ClickAsync();
        var box = (await canvas.BoundingBoxAsync())!;
        await visitor.Page.Mouse.MoveAsync(box.X + (box.Width * 0.55f), box.Y + (box.Height * 0.55f));
        await visitor.Page.Mouse.DownAsync();
        await visitor.Page.Mouse.MoveAsync(box.X + (box.Width * 0.9f), box.Y + (box.Height * 0.9f), new() { Steps = 5 });
        await visitor.Page.Mouse.UpAsync();
        await visitor.Button("Fill").ClickAsync();
        await Expect(visitor.Page.Locator("button.pick").First).ToBeVisibleAsync();
        Assert.InRange(await visitor.Page.Locator("button.pick").CountAsync(), 2, 5);

        var (before, after) = (StudioVisitor.Decode(First), StudioVisitor.Decode(await visitor.DownloadAsync()));
        var changed = Enumerable.Range(0, 64 * 64).Where(i => before[i % 64, i / 64] != after[i % 64, i / 64]).ToList();
        Assert.NotEmpty(changed);
        // The marks are a pixel wider at most, as the browser smooths their edges.
        Assert.All(changed, static i => Assert.True(i % 64 is >= 34 and <= 58 && i / 64 is >= 34 and <= 58));
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Codes_show_where_they_act_and_are_swapped_one_by_one()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.GoAsync("Explore");
        await visitor.DropAsync(0, "first.png", First);
        await Expect(visitor.Page.Locator("button.code")).ToHaveCountAsync(32);
        await visitor.Button("Code 12").HoverAsync();
        await Expect(visitor.Page.Locator(".code-line")).ToContainTextAsync("Code 12 is");
        await Expect(visitor.Page.GetByAltText("Where code 12 acts")).ToBeVisibleAsync();

        await visitor.DropAsync(0, "second.png", Second);
        await Expect(visitor.Page.GetByText("With the other's").First).ToBeVisibleAsync();
        var image = visitor.Page.GetByAltText("The image from its codes");
        await Expect(image).ToBeVisibleAsync();
        var own = await image.GetAttributeAsync("src");
        var tokenizer = (await fixture.ServerAsync()).Pipeline.Tokenizer;
        var codes = tokenizer.Encode([StudioVisitor.Decode(First), StudioVisitor.Decode(Second)]);
        var different = Enumerable.Range(0, 32).First(i => codes[0].Holistic[i] != codes[1].Holistic[i]);
        await visitor.Button($"Code {different}").ClickAsync();
        await Expect(image).Not.ToHaveAttributeAsync("src", own!);
        await visitor.Button("Take all swaps back").ClickAsync();
        await Expect(image).ToHaveAttributeAsync("src", own!);
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Broken_and_oversized_files_are_refused_where_they_were_dropped()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.GoAsync("Style");
        var fault = visitor.Page.Locator(".drop [role=alert]");
        await visitor.DropAsync(0, "<b>no image</b>.png", "This is no image."u8.ToArray());
        await Expect(fault).ToContainTextAsync("<b>no image</b>.png");
        await visitor.DropAsync(0, "cut.png", First[..(First.Length / 2)]);
        await Expect(fault).ToContainTextAsync("cut.png");
        await visitor.DropAsync(0, "wide.png", ImageFiles.Encode(new Image(1000, 500), ImageFormat.Png));
        await Expect(fault).ToContainTextAsync("wide.png");
        await visitor.DropAsync(0, "heavy.png", new byte[3 << 20]);
        await Expect(fault).ToContainTextAsync("2 MiB are possible");
        // The page goes on.
        await visitor.DropAsync(0, "first.png", First);
        await Expect(visitor.Page.Locator(".slot .tile img")).ToHaveCountAsync(1);
        await Expect(fault).ToHaveCountAsync(0);
    }

    private static async Task DropTwoAsync(StudioVisitor visitor)
    {
        await visitor.DropAsync(0, "first.png", First);
        await Expect(visitor.Page.Locator(".slot .tile img")).ToHaveCountAsync(1);
        await visitor.DropAsync(0, "second.png", Second);
        await Expect(visitor.Page.Locator(".slot .tile img")).ToHaveCountAsync(2);
    }

    private static (int, int) SizeOf(byte[] file)
    {
        var image = StudioVisitor.Decode(file);
        return (image.Width, image.Height);
    }
}
