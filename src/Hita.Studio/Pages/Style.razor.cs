using System.Globalization;
using Hita.Editing;
using Hita.Server.Operations;
using Hita.Studio.Parts;
using Hita.Studio.Sessions;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Pages;

/// <summary>Renders one image in the style of another, while a slider is dragged.</summary>
public sealed partial class Style : StudioPage
{
    private static readonly IReadOnlyList<(StyleMethod, string)> Methods = [(StyleMethod.Swap, "Swap"), (StyleMethod.Interpolate, "Blend")];

    private static readonly IReadOnlyList<(StyleOrder, string)> Orders =
        [(StyleOrder.First, "First"), (StyleOrder.Spread, "Spread"), (StyleOrder.ByDifference, "By difference"), (StyleOrder.Last, "Last")];

    private StyleOptions _options = new();
    private LiveWork<string> _live = null!;
    private JobRun _run = null!;
    private GalleryImage? _selected;

    [Inject]
    private Picks Picks { get; set; } = null!;

    private bool IsComplete => Picks["style.content"] is not null && Picks["style.style"] is not null;

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        base.OnInitialized();
        _live = new LiveWork<string>(Circuit, RefreshAsync);
        _run = new JobRun(Circuit);
        _run.Changed += Refresh;
        Ask();
    }

    /// <inheritdoc/>
    protected override void OnClosing() => _run.Cancel();

    /// <inheritdoc/>
    protected override void ModelChanged() => Ask();

    /// <inheritdoc/>
    protected override void Cancel() => _run.Cancel();

    /// <inheritdoc/>
    protected override Task StartAsync()
    {
        if (Picks["style.content"] is not { } content || Picks["style.style"] is not { } style)
            return Task.CompletedTask;
        var title = string.Create(CultureInfo.InvariantCulture, $"{content.ShortName} in the style of {style.ShortName}, strength {_options.Strength:0.##}");
        return _run.RunAsync(() => new StyleTask(content.Input, style.Input, _options, wholeShape: false), (model, results) =>
        {
            var image = Results.Of(results[0], title, "style", model);
            Circuit.Gallery.Add(image);
            _selected = image;
        });
    }

    private void Set(StyleOptions options)
    {
        _options = options;
        _selected = null;
        Ask();
    }

    private void Ask()
    {
        if (Picks["style.content"] is not { } content || Picks["style.style"] is not { } style)
        {
            _live.Clear();
            return;
        }
        var options = _options;
        _live.Ask("style-live", (model, cancellation) => LiveEdits.Style(model, content, style, options, cancellation));
    }
}
