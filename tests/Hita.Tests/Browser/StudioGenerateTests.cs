using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hita.Tests.Browser;

/// <summary>The page for generating, as a visitor uses it.</summary>
[Collection(BrowserCollection.Name)]
[Trait("Category", "Browser")]
public sealed class StudioGenerateTests(BrowserFixture fixture)
{
    [Fact]
    public async Task An_image_sharpens_stays_in_the_gallery_and_is_downloaded_with_its_settings()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.ChooseClassAsync("glass torus");
        // One image may be done before the page has shown a preview of it.
        await visitor.SetAsync("Images", 8);
        var preview = visitor.Page.Locator("img.preview").First.WaitForAsync();
        await visitor.Page.Keyboard.PressAsync("Control+Enter");
        await preview;
        await Expect(visitor.Thumbs).ToHaveCountAsync(8);
        await visitor.Thumbs.First.ClickAsync();
        await Expect(visitor.LargeImage).ToBeVisibleAsync();

        var file = await visitor.DownloadAsync();
        var settings = ImageSettings.Read(file, "image");
        var pipeline = (await fixture.ServerAsync()).Pipeline;
        Assert.Equal("glass torus", pipeline.Generator.Classes[settings.Class]);
        // The same to the bit as without a browser, a server and other images beside it.
        GeneratedImage? alone = null;
        pipeline.Generate(settings.ToRequest(), made => alone = made);
        Assert.True(alone!.Image.Pixels.SequenceEqual(StudioVisitor.Decode(file).Pixels));
        Assert.Empty(visitor.Complaints);

        // A reload keeps the gallery; another visitor does not see it.
        var address = await visitor.Thumbs.Locator("img").First.GetAttributeAsync("src");
        await visitor.Page.ReloadAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(8);
        await using var other = await fixture.VisitAsync();
        await Expect(other.Button("Generate")).ToBeVisibleAsync();
        await Expect(other.Thumbs).ToHaveCountAsync(0);
        Assert.Equal(404, (await other.Page.APIRequest.GetAsync($"{visitor.Address}/{address}")).Status);
        Assert.Equal(200, (await visitor.Page.APIRequest.GetAsync($"{visitor.Address}/{address}")).Status);
    }

    [Fact]
    public async Task Settings_of_a_dropped_image_make_it_again_and_another_seed_makes_another()
    {
        await using var visitor = await fixture.VisitAsync();
        var pipeline = (await fixture.ServerAsync()).Pipeline;
        var request = new GenerationRequest { Classes = [30], Seed = 4711, Sampling = pipeline.Generator.Sampling with { Patches = new() { Temperature = 0.65f } } };
        GeneratedImage? before = null;
        pipeline.Generate(request, image => before = image);
        var settings = pipeline.SettingsOf(request, before!).ToText();
        var file = ImageFiles.Encode(before!.Image, ImageFormat.Png, new ImageWriteOptions { Text = new Dictionary<string, string> { [ImageSettings.Keyword] = settings } });

        await visitor.DropAsync(0, "before.png", file);
        await Expect(visitor.Page.GetByText("Its settings are loaded.")).ToBeVisibleAsync();
        await Expect(visitor.Page.GetByLabel("Seed", new() { Exact = true })).ToHaveValueAsync("4711");
        await visitor.Button("Generate").ClickAsync();
        await Expect(visitor.LargeImage).ToBeVisibleAsync();
        var made = StudioVisitor.Decode(await visitor.DownloadAsync());
        Assert.True(before.Image.Pixels.SequenceEqual(made.Pixels));

        await visitor.Button("Again with another seed").ClickAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(2);
        await Expect(visitor.LargeImage).ToBeVisibleAsync();
        var again = ImageSettings.Read(await visitor.DownloadAsync(), "image");
        Assert.NotEqual(4711UL, again.Seed);
        Assert.Equal((30, 0.65f), (again.Class, again.Sampling.Patches.Temperature));

        await visitor.DropAsync(0, "plain.png", ImageFiles.Encode(ImageFiles.Quarters(64, 64), ImageFormat.Png));
        await Expect(visitor.Page.GetByText("plain.png carries no settings")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Escape_cancels_and_the_server_is_free_again()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.SetAsync("Images", 16);
        await visitor.Button("Generate").ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Progressbar)).ToBeVisibleAsync();
        await visitor.Page.Keyboard.PressAsync("Escape");
        await Expect(visitor.Page.GetByText("Cancelled.")).ToBeVisibleAsync();
        await Expect(visitor.Button("Generate")).ToBeEnabledAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(0);
        Assert.Equal(0, (await fixture.ServerAsync()).Queued);
    }

    [Fact]
    public async Task A_class_that_is_typed_whole_need_not_be_picked()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.Page.GetByLabel("Class", new() { Exact = true }).FillAsync("Marble-Cube");
        await Expect(visitor.Page.GetByLabel("Class", new() { Exact = true })).ToHaveValueAsync("marble cube");
        // The field searches a moment after the last letter; until then it may still hold what was chosen before.
        await visitor.Page.WaitForTimeoutAsync(1000);
        await visitor.Page.Keyboard.PressAsync("Control+Enter");
        await Expect(visitor.LargeImage).ToHaveAttributeAsync("alt", new System.Text.RegularExpressions.Regex("^marble cube, seed [0-9]+$"));
    }

    [Fact]
    public async Task A_seed_that_is_none_is_refused_with_a_sentence()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.Page.GetByLabel("Seed", new() { Exact = true }).FillAsync("12a");
        await visitor.Button("Generate").ClickAsync();
        await Expect(visitor.Page.Locator(".run-bar [role=alert]")).ToContainTextAsync("a whole number from 0");
    }
}
