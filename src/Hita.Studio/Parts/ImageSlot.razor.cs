using Hita.Studio.Sessions;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>A place for an image to work with: dropped, chosen, or one of the visitor's own.</summary>
public sealed partial class ImageSlot : ComponentBase
{
    private const int Shown = 24;

    /// <summary>Its place among <see cref="Work.Picks"/>.</summary>
    [Parameter]
    [EditorRequired]
    public string Place { get; set; } = "";

    /// <summary>What the image is for.</summary>
    [Parameter]
    public string Label { get; set; } = "Image";

    /// <summary>The same inside a sentence: <c>the image to keep</c>.</summary>
    [Parameter]
    public string What { get; set; } = "an image";

    /// <summary>Told of another image, or of none.</summary>
    [Parameter]
    public EventCallback<PickedImage?> Changed { get; set; }

    [Inject]
    private Picks Picks { get; set; } = null!;

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    private PickedImage? Picked => Picks[Place];

    private IReadOnlyList<GalleryImage> Images => [.. Circuit.Gallery.Images.Where(static i => i.ContentType == "image/png").Take(Shown)];

    private Task PickAsync(PickedImage image)
    {
        Picks[Place] = image;
        return Changed.InvokeAsync(image);
    }

    private Task ClearAsync()
    {
        Picks[Place] = null;
        return Changed.InvokeAsync(null);
    }
}
