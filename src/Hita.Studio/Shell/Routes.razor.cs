using Hita.Studio.Sessions;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Hita.Studio.Shell;

/// <summary>The root of the living part of the page: says whose it is, then shows the page of the address.</summary>
public sealed partial class Routes : ComponentBase
{
    /// <summary>The visitor's session. The framework encrypts it on its way through the browser.</summary>
    [Parameter]
    public string? SessionId { get; set; }

    /// <summary>Whether the visitor had a session that is gone.</summary>
    [Parameter]
    public bool IsReturning { get; set; }

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    [Inject]
    private SessionStore Sessions { get; set; } = null!;

    [Inject]
    private ISnackbar Snackbar { get; set; } = null!;

    private bool IsOpen { get; set; }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        if (Sessions.Find(SessionId) is not { } session)
            return;
        Circuit.Open(session);
        IsOpen = true;
        if (IsReturning)
            Snackbar.Add("The server has been restarted, and the images of before are gone from it.", Severity.Info);
    }
}
