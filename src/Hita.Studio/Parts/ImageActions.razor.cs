using Hita.Studio.Sessions;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>What one can do with an image that one has made.</summary>
public sealed partial class ImageActions : ComponentBase
{
    /// <summary>The image.</summary>
    [Parameter]
    [EditorRequired]
    public GalleryImage Image { get; set; } = null!;

    /// <summary>Further actions of the page.</summary>
    [Parameter]
    public RenderFragment? ChildContent { get; set; }

    /// <summary>Told when it was removed.</summary>
    [Parameter]
    public EventCallback Removed { get; set; }

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    [Inject]
    private Picks Picks { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    private void Send(string page, string place)
    {
        Picks[place] = new PickedImage(Image.Title, Image.Image, Image.Settings);
        Navigation.NavigateTo(page);
    }

    private async Task RemoveAsync()
    {
        Circuit.Gallery.Remove(Image);
        await Removed.InvokeAsync();
    }
}
