using MudBlazor;

namespace Hita.Studio.Shell;

/// <summary>The pages in the order of the menu.</summary>
/// <param name="Address">Relative to the studio's root.</param>
/// <param name="Name">In the menu.</param>
/// <param name="Icon">Beside it.</param>
internal sealed record StudioPages(string Address, string Name, string Icon)
{
    public static IReadOnlyList<StudioPages> All { get; } =
    [
        new("", "Generate", Icons.Material.Rounded.AutoAwesome),
        new("style", "Style", Icons.Material.Rounded.Palette),
        new("vary", "Vary", Icons.Material.Rounded.Grain),
        new("morph", "Morph", Icons.Material.Rounded.Animation),
        new("inpaint", "In-paint", Icons.Material.Rounded.Brush),
        new("explore", "Explore", Icons.Material.Rounded.TravelExplore),
        new("models", "Models", Icons.Material.Rounded.ViewInAr),
        new("runs", "Runs", Icons.Material.Rounded.ShowChart),
    ];
}
