using System.Globalization;
using Hita.Editing;
using Hita.Server.Operations;
using Hita.Studio.Parts;
using Hita.Studio.Sessions;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Pages;

/// <summary>Generates variations of an image.</summary>
public sealed partial class Vary : StudioPage
{
    private static readonly IReadOnlyList<(VariationKeep, string)> Keeps = [(VariationKeep.Holistic, "Its look"), (VariationKeep.Patches, "Its arrangement")];

    private readonly SeedChoice _seed = new();
    private readonly SamplingChoice _sampling = new();
    private VariationKeep _keep;
    private int? _class;
    private int _count = 4;
    private JobRun _run = null!;
    private IReadOnlyList<GalleryImage> _made = [];
    private GalleryImage? _selected;

    [Inject]
    private Picks Picks { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        base.OnInitialized();
        _run = new JobRun(Circuit);
        _run.Changed += Refresh;
        ModelChanged();
        OnPicked(Picks["vary"]);
    }

    /// <inheritdoc/>
    protected override void OnClosing() => _run.Cancel();

    /// <inheritdoc/>
    protected override void ModelChanged()
    {
        _sampling.StartFrom(Circuit.Model);
        _class = _class < Circuit.Model.Classes.Count ? _class : null;
    }

    /// <inheritdoc/>
    protected override void Cancel() => _run.Cancel();

    /// <inheritdoc/>
    protected override Task StartAsync()
    {
        if (Picks["vary"] is not { } image)
            return Task.CompletedTask;
        _selected = null;
        ulong seed = 0;
        return _run.RunAsync(
            () => new VaryTask(image.Input, _keep, _count, new EditSamplingOptions { Class = _class, Seed = seed = _seed.Next(), Sampling = _sampling.Options }),
            (model, results) =>
            {
                _made = [.. results.Select((r, i) => Results.Of(r, string.Create(CultureInfo.InvariantCulture, $"{image.ShortName}, variation {i + 1}, seed {seed}"), "vary", model))];
                foreach (var made in _made.Reverse())
                    Circuit.Gallery.Add(made);
                _selected = _made is [var only] ? only : null;
            });
    }

    // The class that an image was generated of is the one to go on with.
    private void OnPicked(PickedImage? image)
    {
        if (image?.Settings is { } settings && settings.Class < Circuit.Model.Classes.Count && settings.Generator == Circuit.Model.Pipeline.Generator.ModelHash)
            _class = settings.Class;
    }

    private void Forget()
    {
        _made = [.. _made.Where(i => i != _selected)];
        _selected = null;
    }
}
