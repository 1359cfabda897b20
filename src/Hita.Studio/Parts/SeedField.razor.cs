using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>The seed, with a dice.</summary>
public sealed partial class SeedField : ComponentBase
{
    /// <summary>The seed.</summary>
    [Parameter]
    [EditorRequired]
    public SeedChoice Seed { get; set; } = null!;

    /// <summary>Told when the visitor wrote or rolled one.</summary>
    [Parameter]
    public EventCallback Edited { get; set; }

    private async Task Edit(string? text)
    {
        Seed.Text = text ?? "";
        Seed.IsNewEachTime = false;
        await Edited.InvokeAsync();
    }

    private async Task Roll()
    {
        Seed.Roll();
        Seed.IsNewEachTime = false;
        await Edited.InvokeAsync();
    }

    private void Toggle(ChangeEventArgs e) => Seed.IsNewEachTime = e.Value is true;
}
