using System.Globalization;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Settings;
using Hita.Studio.Parts;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Hita.Studio.Pages;

/// <summary>Generates images of a class.</summary>
public sealed partial class Generate : StudioPage
{
    private const int MostAtOnce = 16;

    [Inject]
    private GenerateState State { get; set; } = null!;

    [Inject]
    private HitaServerOptions Options { get; set; } = null!;

    [Inject]
    private ISnackbar Snackbar { get; set; } = null!;

    private int MaxCount => Math.Min(Options.MaxImages, MostAtOnce);

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        base.OnInitialized();
        State.Prepare();
        State.Run.Changed += Refresh;
    }

    /// <inheritdoc/>
    protected override void OnClosing() => State.Run.Changed -= Refresh;

    /// <inheritdoc/>
    protected override Task StartAsync() => State.StartAsync();

    /// <inheritdoc/>
    protected override void Cancel() => State.Run.Cancel();

    private Task AgainAsync(ImageSettings settings)
    {
        Take(settings);
        State.Seed.IsNewEachTime = true;
        return StartAsync();
    }

    private void Take(ImageSettings settings)
    {
        try
        {
            State.Take(settings);
        }
        catch (HitaException e)
        {
            Snackbar.Add(e.Message, Severity.Warning);
        }
    }

    private void TakeFile(PickedImage picked)
    {
        if (picked.Settings is not { } settings)
        {
            Snackbar.Add($"{picked.Name} carries no settings: it was not generated here as an image of its own, or another program has dropped them.", Severity.Warning);
            return;
        }
        Take(settings);
        Snackbar.Add("Its settings are loaded.", Severity.Success);
    }

    private static string TilesClass(int count) => count == 1 ? "tiles one" : count <= 4 ? "tiles few" : "tiles many";

    private static string Summary(ImageSettings settings)
    {
        var sampling = settings.Sampling;
        var parts = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"guidance {sampling.Guidance.Scale:0.##}"),
            string.Create(CultureInfo.InvariantCulture, $"temperature {sampling.Patches.Temperature:0.##}"),
        };
        if (sampling.Patches.TopK > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"top-k {sampling.Patches.TopK}"));
        if (sampling.Patches.TopP < 1)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"top-p {sampling.Patches.TopP:0.##}"));
        return string.Join(", ", parts);
    }
}
