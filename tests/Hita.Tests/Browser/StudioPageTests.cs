using Hita.Server.Settings;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hita.Tests.Browser;

/// <summary>What all pages have in common, and those that only show something.</summary>
[Collection(BrowserCollection.Name)]
[Trait("Category", "Browser")]
public sealed class StudioPageTests(BrowserFixture fixture)
{
    private static readonly string[] Pages = ["Generate", "Style", "Vary", "Morph", "In-paint", "Explore", "Models", "Runs"];

    [Fact]
    public async Task A_models_card_and_classes_are_shown_and_nothing_in_them_is_markup()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.GoAsync("Models");
        await visitor.Page.GetByText("Card", new() { Exact = true }).First.ClickAsync();
        var card = visitor.Page.Locator(".card-text");
        await Expect(card.Locator("strong")).ToHaveTextAsync("bold");
        await Expect(card.Locator("td").First).ToContainTextAsync("onerror");
        await Expect(card.Locator("a")).ToHaveCountAsync(1);
        await Expect(card.Locator("img")).ToHaveCountAsync(0);
        Assert.DoesNotContain("owned", await visitor.Page.TitleAsync(), StringComparison.Ordinal);

        await visitor.Page.GetByText("Classes", new() { Exact = false }).First.ClickAsync();
        await visitor.Page.GetByPlaceholder("Find a class").FillAsync("wood st");
        await Expect(visitor.Page.Locator(".class-list li")).ToHaveCountAsync(1);
        await visitor.Button("wood star").ClickAsync();
        await Expect(visitor.Page.GetByLabel("Class", new() { Exact = true })).ToHaveValueAsync("wood star");
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task A_runs_curves_grow_while_one_looks()
    {
        await using var visitor = await fixture.VisitAsync();
        await visitor.GoAsync("Runs");
        await Expect(visitor.Page.GetByText("Step 500,")).ToBeVisibleAsync();
        // The loss, and a metric whose name would be an image if it were taken as markup.
        await Expect(visitor.Page.Locator(".chart polyline")).ToHaveCountAsync(2);
        await Expect(visitor.Page.Locator(".chart img")).ToHaveCountAsync(0);
        await Expect(visitor.Page.GetByAltText("Samples of the run")).ToBeVisibleAsync();
        await File.AppendAllTextAsync(fixture.Metrics, "{\"step\":510,\"epoch\":0.2,\"loss\":0.001}\n{\"step\":52");
        await Expect(visitor.Page.GetByText("Step 510,")).ToBeVisibleAsync();
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Every_page_fits_a_narrow_screen_in_dark_colours()
    {
        await using var visitor = await fixture.VisitAsync(how: new() { ViewportSize = new ViewportSize { Width = 390, Height = 844 }, ColorScheme = ColorScheme.Dark });
        await Expect(visitor.Page.Locator("html.dark")).ToHaveCountAsync(1);
        foreach (var page in Pages)
        {
            await visitor.Button("Menu").ClickAsync();
            await visitor.GoAsync(page);
            Assert.Equal(390, await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        }
        await visitor.Button("Light colours").ClickAsync();
        await Expect(visitor.Page.Locator("html.dark")).ToHaveCountAsync(0);
        await visitor.Page.ReloadAsync();
        await Expect(visitor.Button("Dark colours")).ToBeVisibleAsync();
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Every_control_has_a_name_and_the_menu_is_skipped_by_a_key()
    {
        await using var visitor = await fixture.VisitAsync();
        foreach (var page in Pages)
        {
            await visitor.GoAsync(page);
            var nameless = await visitor.Page.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll("button, a[href], input, select, canvas, img, summary")]
                    .filter(e => e.offsetParent !== null || e.type === "file")
                    .filter(e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.title || e.labels?.length || e.hasAttribute("alt")))
                    .map(e => e.outerHTML)
                """);
            Assert.Empty(nameless);
            Assert.Equal(1, await visitor.Page.Locator("h1").CountAsync());
        }
        await visitor.Page.Locator(".skip").FocusAsync();
        await visitor.Page.Keyboard.PressAsync("Enter");
        await Expect(visitor.Page.Locator("#content")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task A_page_outlives_a_restart_of_the_server()
    {
        await using var server = await StartTinyAsync();
        await using var visitor = await fixture.VisitAsync(server.Address);
        await visitor.Button("Generate").ClickAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(1);
        await server.DisposeAsync();
        await Expect(visitor.Page.GetByText("The server is away")).ToBeVisibleAsync();
        await using var again = await StartTinyAsync(server.Address);
        await Expect(visitor.Page.GetByText("The server has been restarted")).ToBeVisibleAsync();
        await Expect(visitor.Page.GetByText("The server is away")).ToBeHiddenAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(0);
        await visitor.Button("Generate").ClickAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_key_is_asked_for_once_and_nothing_is_there_without_it()
    {
        const string Key = "a-key-for-this-very-test";
        await using var server = await StartTinyAsync(keys: ApiKeys.Of(Key));
        await using var visitor = await fixture.VisitAsync(server.Address);
        var page = visitor.Page;
        await Expect(page.GetByLabel("API key")).ToBeVisibleAsync();
        Assert.Equal(401, (await page.APIRequest.PostAsync($"{server.Address}/_blazor/negotiate?negotiateVersion=1")).Status);
        Assert.Equal(401, (await page.APIRequest.GetAsync($"{server.Address}/_blazor/initializers")).Status);
        Assert.Equal(401, (await page.APIRequest.GetAsync($"{server.Address}/studio/images/0123")).Status);

        await page.GetByLabel("API key").FillAsync("not-a-key-of-this-server");
        await visitor.Button("Open the studio").ClickAsync();
        await Expect(page.GetByText("none of the server's keys")).ToBeVisibleAsync();
        await page.GetByLabel("API key").FillAsync(Key);
        await visitor.Button("Open the studio").ClickAsync();
        await Expect(visitor.Button("Generate")).ToBeVisibleAsync();

        var cookie = Assert.Single(await page.Context.CookiesAsync(), static c => c.Name == "hita-studio");
        Assert.Equal((true, SameSiteAttribute.Strict), (cookie.HttpOnly, cookie.SameSite));
        Assert.DoesNotContain(Key, await page.ContentAsync(), StringComparison.Ordinal);
        // A page of another origin gets no connection, even with the cookie.
        var foreign = await page.APIRequest.PostAsync($"{server.Address}/_blazor/negotiate?negotiateVersion=1", new() { Headers = new Dictionary<string, string> { ["Origin"] = "https://example.org" } });
        Assert.Equal(403, foreign.Status);
        await visitor.Button("Generate").ClickAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(1);
        await page.ReloadAsync();
        await Expect(visitor.Thumbs).ToHaveCountAsync(1);
    }

    private static Task<StudioServer> StartTinyAsync(string url = "http://127.0.0.1:0", ApiKeys? keys = null) => StudioServer.StartAsync(
        options =>
        {
            options.Pipelines.Add(new ServedPipeline("tiny", "tiny", "tiny"));
            options.Keys = keys ?? ApiKeys.None;
        },
        url: url);
}
