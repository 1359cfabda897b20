using Hita.Studio.Sessions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;

namespace Hita.Studio.Shell;

/// <summary>The document around the pages.</summary>
public sealed partial class App : ComponentBase
{
    // The first painting would show no more than an empty shell, and everything would be made twice.
    private static readonly InteractiveServerRenderMode Mode = new(prerender: false);

    /// <summary>The request; there always is one here.</summary>
    [CascadingParameter]
    public HttpContext? Http { get; set; }

    private string BaseAddress => $"{Http?.Request.PathBase}/";

    private string? SessionId => (Http?.Items[StudioVisit.Session] as StudioSession)?.Id;

    private bool IsReturning => Http?.Items[StudioVisit.IsReturning] is true;
}
