using Hita.Imaging;
using Hita.Materials;

namespace Hita.Studies;

/// <summary>A content, a style, and what the content would look like in that style.</summary>
/// <param name="Content">The image to keep.</param>
/// <param name="Style">The image to take the style of.</param>
/// <param name="Truth">The content's scene in the style's material, colours and light.</param>
internal sealed record ScenePair(Image Content, Image Style, Image Truth);

/// <summary>Pairs of scenes of the built-in set.</summary>
internal sealed class ScenePairs(ulong seed, int size)
{
    private readonly MaterialsSet _set = new(seed);

    /// <summary>A pair.</summary>
    /// <param name="index">0 or more; every pair has scenes of its own.</param>
    public ScenePair Pair(int index)
    {
        // Blocks of the set hold each class once; a style from another block makes every combination possible.
        var content = _set.Scene(index);
        var style = _set.Scene(1_000_003L + (7L * index));
        return new ScenePair(Render(content, size), Render(style, size), Render(Restyled(content, style), size));
    }

    /// <summary>A scene in the material, the colours and the light of another one; shape, pose, place and view stay.</summary>
    public static MaterialsScene Restyled(MaterialsScene content, MaterialsScene style) => content with
    {
        Material = style.Material,
        Finish = style.Finish,
        TextureSeed = style.TextureSeed,
        Colour = style.Colour,
        BackdropColour = style.BackdropColour,
        FloorColour = style.FloorColour,
        FloorGloss = style.FloorGloss,
        LightAzimuth = style.LightAzimuth,
        LightElevation = style.LightElevation,
        LightWarmth = style.LightWarmth,
        LightSoftness = style.LightSoftness,
        LightStrength = style.LightStrength,
    };

    public static Image Render(MaterialsScene scene, int size)
    {
        var image = new Image(size, size);
        MaterialsRenderer.Render(scene, size, image.Pixels);
        return image;
    }
}
