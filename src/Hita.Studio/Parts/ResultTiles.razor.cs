using Hita.Studio.Sessions;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>Results side by side, of which one is looked at.</summary>
public sealed partial class ResultTiles : ComponentBase
{
    /// <summary>The images.</summary>
    [Parameter]
    [EditorRequired]
    public IReadOnlyList<GalleryImage> Images { get; set; } = [];

    /// <summary>A line under an image, by the image's name.</summary>
    [Parameter]
    public IReadOnlyDictionary<string, string> Captions { get; set; } = new Dictionary<string, string>();

    /// <summary>The image that is looked at; may be null.</summary>
    [Parameter]
    public GalleryImage? Selected { get; set; }

    /// <summary>Told which one is to be looked at.</summary>
    [Parameter]
    public EventCallback<GalleryImage> SelectedChanged { get; set; }
}
