using System.Globalization;
using Hita.Editing;
using Hita.Imaging;
using Hita.Server.Jobs;
using Hita.Server.Operations;
using Hita.Studio.Parts;
using Hita.Studio.Sessions;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Pages;

/// <summary>Regenerates the part of an image that is marked.</summary>
public sealed partial class Inpaint : StudioPage
{
    private const string Place = "inpaint";

    private readonly SeedChoice _seed = new();
    private readonly SamplingChoice _sampling = new();
    private int? _class;
    private int _candidates = 4;
    private MaskCanvas? _mask;
    private JobRun _run = null!;
    private string? _fault;
    private IReadOnlyList<GalleryImage> _made = [];
    private IReadOnlyDictionary<string, string> _captions = new Dictionary<string, string>();
    private GalleryImage? _selected;

    [Inject]
    private Picks Picks { get; set; } = null!;

    private PickedImage? Image => Picks[Place];

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        base.OnInitialized();
        _run = new JobRun(Circuit);
        _run.Changed += Refresh;
        ModelChanged();
        OnPicked(Image);
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
    protected override async Task StartAsync()
    {
        if (Image is not { } image || _mask is null || _run.IsRunning)
            return;
        _fault = null;
        ImageMask? mask;
        try
        {
            mask = await _mask.ReadAsync(Circuit.Closed);
        }
        catch (Runtime.HitaException e)
        {
            _fault = e.Message;
            return;
        }
        if (mask is null)
        {
            _fault = "Nothing is marked yet: draw over the part that is to change.";
            return;
        }
        ulong seed = 0;
        await _run.RunAsync(
            () => InpaintTask.Fill(image.Input, mask, null, new InpaintOptions
            {
                Sampling = new EditSamplingOptions { Class = _class, Seed = seed = _seed.Next(), Sampling = _sampling.Options },
                Candidates = _candidates,
                KeepCandidates = _candidates > 1,
            }),
            (model, results) => Keep(image, seed, model, results));
    }

    private void Keep(PickedImage image, ulong seed, ServedModel model, IReadOnlyList<JobResult> results)
    {
        var title = $"{image.ShortName}, filled, seed {seed}";
        var best = results[0];
        var made = new List<GalleryImage> { Results.Of(best, title, "inpaint", model) };
        var captions = new Dictionary<string, string> { [made[0].Id] = "Fits best" };
        var others = results.Skip(1).OrderByDescending(static r => r.Facts["log_likelihood"] as double? ?? double.NegativeInfinity)
            .Where(r => !r.Image!.Pixels.SequenceEqual(best.Image!.Pixels));
        foreach (var other in others)
        {
            made.Add(Results.Of(other, string.Create(CultureInfo.InvariantCulture, $"{title}, candidate {made.Count + 1}"), "inpaint", model));
            captions[made[^1].Id] = string.Create(CultureInfo.InvariantCulture, $"Candidate {made.Count}");
        }
        foreach (var candidate in Enumerable.Reverse(made))
            Circuit.Gallery.Add(candidate);
        (_made, _captions) = (made, captions);
        _selected = made[0];
    }

    // The class that an image was generated of is the one to go on with.
    private void OnPicked(PickedImage? image)
    {
        if (image?.Settings is { } settings && settings.Class < Circuit.Model.Classes.Count && settings.Generator == Circuit.Model.Pipeline.Generator.ModelHash)
            _class = settings.Class;
    }

    private void GoOn(GalleryImage made)
    {
        Picks[Place] = new PickedImage(made.Title, made.Image);
        (_made, _selected) = ([], null);
    }

    private void Change()
    {
        Picks[Place] = null;
        (_made, _selected, _fault) = ([], null, null);
    }

    private void Forget()
    {
        _made = [.. _made.Where(i => i != _selected)];
        _selected = null;
    }
}
