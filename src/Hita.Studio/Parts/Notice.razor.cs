using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>Says something in the middle of a page that has nothing else to show.</summary>
public sealed partial class Notice : ComponentBase
{
    /// <summary>What is the case.</summary>
    [Parameter]
    [EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>What to do about it.</summary>
    [Parameter]
    public string? Text { get; set; }

    /// <summary>Whether it will pass by itself.</summary>
    [Parameter]
    public bool IsBusy { get; set; }

    /// <summary>What a button says; null for none.</summary>
    [Parameter]
    public string? Action { get; set; }

    /// <summary>What the button does.</summary>
    [Parameter]
    public EventCallback OnAction { get; set; }
}
