using System.Globalization;
using Hita.Imaging;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hita.Tests.Browser;

/// <summary>Someone who uses the studio, and what the browser complained of meanwhile.</summary>
internal sealed class StudioVisitor : IAsyncDisposable
{
    private const int Patience = 30_000;
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    private StudioVisitor(IBrowserContext context, IPage page, string address) => (_context, Page, Address) = (context, page, address);

    public IPage Page { get; }

    public string Address { get; }

    /// <summary>Errors of scripts, refused resources and requests to other servers so far.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public ILocator Thumbs => Page.Locator(".gallery .thumb");

    public ILocator LargeImage => Page.Locator(".tile.large img:not(.preview)");

    public static async Task<StudioVisitor> OpenAsync(IBrowserContext context, string address)
    {
        context.SetDefaultTimeout(Patience);
        SetDefaultExpectTimeout(Patience);
        var page = await context.NewPageAsync();
        var visitor = new StudioVisitor(context, page, address);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                visitor._complaints.Add(message.Text);
        };
        page.PageError += (_, error) => visitor._complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
                visitor._complaints.Add($"asked {request.Url}");
        };
        await page.GotoAsync(address + "/");
        return visitor;
    }

    public async ValueTask DisposeAsync()
    {
        await TellAsync();
        await _context.CloseAsync();
    }

    // It is not known yet whether the test fails; what it tells is shown of those that do.
    private async Task TellAsync()
    {
        try
        {
            var text = await Page.Locator("body").InnerTextAsync(new() { Timeout = 2000 });
            TestContext.Current.TestOutputHelper?.WriteLine($"{Page.Url} shows:\n{text}\n{string.Join('\n', _complaints)}");
        }
        catch (Exception e) when (e is PlaywrightException or TimeoutException)
        {
            // It has been closed, or does not answer: nothing can be told of it.
        }
    }

    /// <summary>Goes to a page by the menu.</summary>
    public async Task GoAsync(string page)
    {
        await Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = page, Exact = true }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = page, Exact = true, Level = 1 })).ToBeVisibleAsync();
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public async Task ChooseClassAsync(string name)
    {
        var field = Page.GetByLabel("Class", new() { Exact = true });
        var found = Page.Locator(".mud-popover-open .mud-list-item");
        for (var tries = 1; ; tries++)
        {
            // Without its last letter: a whole name needs no list.
            await field.FillAsync(name[..^1]);
            try
            {
                // Until the list has been searched, a click may hit what is about to be replaced.
                await Expect(found).ToHaveCountAsync(1, new() { Timeout = 8000 });
                break;
            }
            catch (PlaywrightException) when (tries < 4)
            {
                // All of a text comes as one event here; where it comes with the focus, the list of all may arrive after that of the text.
                // Who types has a letter after it.
                await field.FillAsync("");
            }
        }
        await found.ClickAsync();
        await Expect(found).ToHaveCountAsync(0);
    }

    public Task SetAsync(string slider, double value) => Page.GetByRole(AriaRole.Slider, new() { Name = slider, Exact = true }).FillAsync(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Drops an image into a place for one.</summary>
    public async Task DropAsync(int place, string name, byte[] file)
    {
        // A field listens a moment after it is shown, and anew after each file; what comes before that is lost.
        await Page.WaitForFunctionAsync("place => '_blazorInputFileNextFileId' in (document.querySelectorAll('input[type=file]')[place] ?? {})", place);
        await Page.Locator("input[type=file]").Nth(place).SetInputFilesAsync(new FilePayload { Name = name, MimeType = "image/png", Buffer = file });
    }

    /// <summary>The file behind "Download".</summary>
    public async Task<byte[]> DownloadAsync()
    {
        var download = await Page.RunAndWaitForDownloadAsync(() => Page.GetByRole(AriaRole.Link, new() { Name = "Download" }).ClickAsync());
        Assert.Matches("^[a-z0-9-]+\\.(png|webp)$", download.SuggestedFilename);
        return await File.ReadAllBytesAsync(await download.PathAsync());
    }

    /// <summary>An image as the page shows it, decoded.</summary>
    public static async Task<byte[]> BytesAsync(ILocator image)
    {
        var address = (await image.GetAttributeAsync("src"))!;
        Assert.StartsWith("data:image/webp;base64,", address, StringComparison.Ordinal);
        return Convert.FromBase64String(address[(address.IndexOf(',', StringComparison.Ordinal) + 1)..]);
    }

    public static Image Decode(byte[] file) => ImageDecoder.Decode(file, "image");
}
