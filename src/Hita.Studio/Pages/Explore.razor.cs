using System.Globalization;
using Hita.Server.Operations;
using Hita.Studio.Parts;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Pages;

/// <summary>Shows what each holistic code of an image does, and swaps single ones.</summary>
public sealed partial class Explore : StudioPage
{
    private readonly SortedSet<int> _swapped = [];
    private Exploration? _found;
    private int? _shown;
    private bool _again;
    private LiveWork<string> _live = null!;
    private JobRun _run = null!;

    [Inject]
    private Picks Picks { get; set; } = null!;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _live = new LiveWork<string>(Circuit, RefreshAsync);
        _run = new JobRun(Circuit);
        _run.Changed += Refresh;
        await StartAsync();
    }

    /// <inheritdoc/>
    protected override void OnClosing() => _run.Cancel();

    /// <inheritdoc/>
    protected override void ModelChanged() => _ = StartAsync();

    /// <inheritdoc/>
    protected override void Cancel() => _run.Cancel();

    /// <inheritdoc/>
    protected override async Task StartAsync()
    {
        if (_run.IsRunning)
        {
            // Another image was chosen meanwhile.
            _again = true;
            _run.Cancel();
            return;
        }
        do
        {
            _again = false;
            Unswap();
            (_found, _shown) = (null, null);
            if (Picks["explore"] is not { } image)
                return;
            var other = Picks["explore.other"];
            await _run.RunAsync(() => new ExploreTask(image.Input, other?.Input, codes: null), (_, results) => _found = Exploration.Of(results));
        }
        while (_again);
    }

    private void Show(int index) => _shown = index;

    private void Toggle(int index)
    {
        _shown = index;
        if (Picks["explore"] is not { } image || Picks["explore.other"] is not { } other)
            return;
        if (!_swapped.Remove(index))
            _swapped.Add(index);
        int[] places = [.. _swapped];
        _live.Ask("swap-live", (model, cancellation) => LiveEdits.Swap(model, image, other, places, cancellation));
    }

    private void Unswap()
    {
        _swapped.Clear();
        _live.Clear();
    }

    private string Without(ExploredCode? code) => (code, Picks["explore.other"]) switch
    {
        (null, null) => "Without it",
        (null, _) => "With the other's",
        ({ Index: var index }, null) => $"Without code {index}",
        ({ Index: var index }, _) => $"With the other's code {index}",
    };

    private static string Line(ExploredCode? code)
    {
        if (code is null)
            return "Point at a code below.";
        if (code.OtherCode == code.Code)
            return string.Create(CultureInfo.InvariantCulture, $"Code {code.Index} is {code.Code} in both images.");
        var how = code.OtherCode is { } other ? string.Create(CultureInfo.InvariantCulture, $"With the other's {other}") : "Without it";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Code {code.Index} is {code.Code}. {how} the image changes by {code.MeanChange:0.0} of 255 on average, and visibly in {100 * code.Reach:0} % of it.");
    }

    private static string Shade(double strength) => string.Create(CultureInfo.InvariantCulture, $"--strength:{100 * strength:0}%");
}
