using System.Globalization;
using Hita.Server.Jobs;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>How far a piece of work has come, how it ended where that was not well, and the way to stop it.</summary>
public sealed partial class RunBar : ComponentBase, IDisposable
{
    private JobRun? _watched;

    /// <summary>The work.</summary>
    [Parameter]
    [EditorRequired]
    public JobRun Run { get; set; } = null!;

    private string Percent => (100 * Run.Share).ToString("0", CultureInfo.InvariantCulture);

    private string State => Run.Status switch
    {
        null or { State: JobState.Waiting } => "Waiting for its turn…",
        { TimeLeft: { TotalSeconds: >= 60 } left } => string.Create(CultureInfo.InvariantCulture, $"{Percent} %, about {left.TotalMinutes:0} min left"),
        { TimeLeft: { } left } when Run.Share > 0.05 => string.Create(CultureInfo.InvariantCulture, $"{Percent} %, {Math.Ceiling(left.TotalSeconds):0} s left"),
        _ => $"{Percent} %",
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_watched is not null)
            _watched.Changed -= Refresh;
    }

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (ReferenceEquals(_watched, Run))
            return;
        Dispose();
        _watched = Run;
        Run.Changed += Refresh;
    }

    private void Refresh() => InvokeAsync(StateHasChanged);
}
