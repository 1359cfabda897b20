using Hita.Studio.Sessions;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>The visitor's images, small and the newest first.</summary>
public sealed partial class GalleryStrip : ComponentBase, IDisposable
{
    private const int Step = 48;
    private int _shown = Step;

    /// <summary>The image that is looked at; may be null.</summary>
    [Parameter]
    public GalleryImage? Selected { get; set; }

    /// <summary>Told which one is to be looked at.</summary>
    [Parameter]
    public EventCallback<GalleryImage> SelectedChanged { get; set; }

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    private IReadOnlyList<GalleryImage> Images => Circuit.Gallery.Images;

    /// <inheritdoc/>
    public void Dispose() => Circuit.Gallery.Changed -= Refresh;

    /// <inheritdoc/>
    protected override void OnInitialized() => Circuit.Gallery.Changed += Refresh;

    private void Refresh() => InvokeAsync(StateHasChanged);
}
