using System.Globalization;
using Hita.Imaging;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using MudBlazor;

namespace Hita.Studio.Parts;

/// <summary>An image on which a part is marked. The marks live in the browser until they are asked for.</summary>
public sealed partial class MaskCanvas : ComponentBase, IAsyncDisposable
{
    private const long LargestFile = 8 << 20;

    private static readonly IReadOnlyList<(string Tool, string Text, string Icon)> Tools =
    [
        ("brush", "Brush", Icons.Material.Rounded.Brush),
        ("box", "Box", Icons.Material.Rounded.CropSquare),
        ("eraser", "Eraser", Icons.Material.Rounded.AutoFixNormal),
    ];

    private static readonly IReadOnlyList<(string Name, double X, double Y, double Width, double Height)> Regions =
    [
        ("The middle", .3, .3, .4, .4), ("The upper half", 0, 0, 1, .5), ("The lower half", 0, .5, 1, .5),
        ("The left half", 0, 0, .5, 1), ("The right half", .5, 0, .5, 1), ("All of it", 0, 0, 1, 1),
    ];

    private ElementReference _canvas;
    private IJSObjectReference? _marks;
    private PickedImage? _opened;
    private bool _isLeft;
    private string _tool = "brush";
    private double _radius = 0.08;

    /// <summary>The image.</summary>
    [Parameter]
    [EditorRequired]
    public PickedImage Image { get; set; } = null!;

    [Inject]
    private IJSRuntime Script { get; set; } = null!;

    private string Shape => string.Create(CultureInfo.InvariantCulture, $"aspect-ratio: {Image.Image.Width} / {Image.Image.Height}");

    /// <summary>The marks.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The marks, at the image's shape; null where nothing is marked.</returns>
    /// <exception cref="Runtime.ImageException">What the browser sent is no image.</exception>
    public async Task<ImageMask?> ReadAsync(CancellationToken cancellation)
    {
        if (_marks is null)
            return null;
        var reference = await _marks.InvokeAsync<IJSStreamReference>("read", cancellation);
        await using (reference)
        {
            // Shorter than any file: nothing is marked.
            if (reference.Length == 1)
                return null;
            var stream = await reference.OpenReadStreamAsync(LargestFile, cancellation);
            using var bytes = new MemoryStream();
            await using (stream)
                await stream.CopyToAsync(bytes, cancellation);
            return ImageMask.FromImage(ImageDecoder.Decode(bytes.ToArray(), "the marks", new ImageDecodeOptions { MaxPixels = 2 << 20 }));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _isLeft = true;
        try
        {
            if (_marks is not null)
                await _marks.DisposeAsync();
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone.
        }
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (ReferenceEquals(_opened, Image))
            return;
        _opened = Image;
        await using var module = await Script.InvokeAsync<IJSObjectReference>("import", "./studio/mask.js");
        // The image may have been taken away meanwhile, and the canvas with it.
        if (_isLeft)
            return;
        _marks = await module.InvokeAsync<IJSObjectReference>("open", _canvas, Image.Image.Width, Image.Image.Height);
        await ChooseAsync(_tool);
    }

    private Task ChooseAsync(string tool)
    {
        _tool = tool;
        return CallAsync("choose", _tool, _radius);
    }

    private Task SizeAsync(double radius)
    {
        _radius = radius;
        return CallAsync("choose", _tool, _radius);
    }

    private Task MarkAsync(double x, double y, double width, double height) => CallAsync("mark", x, y, width, height);

    private async Task CallAsync(string name, params object[] arguments)
    {
        if (_marks is not null)
            await _marks.InvokeVoidAsync(name, arguments);
    }
}
