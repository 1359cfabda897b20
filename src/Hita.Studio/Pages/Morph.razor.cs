using Hita.Editing;
using Hita.Server.Operations;
using Hita.Studio.Parts;
using Hita.Studio.Sessions;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Pages;

/// <summary>Morphs one image into another: a slider, a strip, an animation.</summary>
public sealed partial class Morph : StudioPage
{
    private const int StripLength = 7;
    private const int Milliseconds = 80;

    private static readonly IReadOnlyList<(MorphPatches, string)> Ways =
        [(MorphPatches.Blend, "Goes along"), (MorphPatches.First, "Stays the start's"), (MorphPatches.Second, "Is the end's")];

    private double _share = 0.5;
    private MorphPatches _patches;
    private int _frames = 24;
    private bool _back = true;
    private LiveWork<IReadOnlyList<string>> _live = null!;
    private LiveWork<IReadOnlyList<string>> _strip = null!;
    private JobRun _run = null!;
    private GalleryImage? _selected;

    [Inject]
    private Picks Picks { get; set; } = null!;

    private bool IsComplete => Picks["morph.from"] is not null && Picks["morph.to"] is not null;

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        base.OnInitialized();
        _live = new(Circuit, RefreshAsync);
        _strip = new(Circuit, RefreshAsync);
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
        if (Picks["morph.from"] is not { } from || Picks["morph.to"] is not { } to)
            return Task.CompletedTask;
        return _run.RunAsync(
            () => new MorphTask(from.Input, to.Input, new MorphOptions { Frames = _frames, Patches = _patches }, _back, Milliseconds),
            (model, results) =>
            {
                var title = $"{from.ShortName} to {to.ShortName}";
                var strip = results.First(static r => r.Name == "strip");
                Circuit.Gallery.Add(Results.Of(strip, $"{title}, strip", "morph", model));
                var animation = Results.Animation(results.First(static r => r.Name == "animation"), from.Image, title, "morph", model);
                Circuit.Gallery.Add(animation);
                _selected = animation;
            });
    }

    private void Set(MorphPatches patches)
    {
        _patches = patches;
        Ask();
    }

    private void Move(double share)
    {
        (_share, _selected) = (share, null);
        AskFrame();
    }

    private void Ask()
    {
        _selected = null;
        AskFrame();
        AskFrames(_strip, "morph-strip", [.. Enumerable.Range(0, StripLength).Select(static i => i / (StripLength - 1.0))]);
    }

    private void AskFrame() => AskFrames(_live, "morph-live", [_share]);

    private void AskFrames(LiveWork<IReadOnlyList<string>> live, string kind, IReadOnlyList<double> shares)
    {
        if (Picks["morph.from"] is not { } from || Picks["morph.to"] is not { } to)
        {
            live.Clear();
            return;
        }
        var patches = _patches;
        live.Ask(kind, (model, cancellation) => LiveEdits.Morph(model, from, to, patches, shares, cancellation));
    }
}
