using Hita.Runtime;

namespace Hita.Materials;

/// <summary>
/// Everything an image of the built-in set shows. Change one property with a <c>with</c> expression and the same scene is
/// rendered in another material, colour or light, and is otherwise the same to the bit.
/// </summary>
public sealed record MaterialsScene
{
    /// <summary>What stands in the middle.</summary>
    public required SceneShape Shape { get; init; }

    /// <summary>What it is made of.</summary>
    public required SceneMaterial Material { get; init; }

    /// <summary>Colour of the object. Wood keeps near brown and metal stays pale whatever the colour asks for.</summary>
    public SceneColour Colour { get; init; } = new(0.62f, 0.19f, 30f);

    /// <summary>Which part of the block of wood or stone, and of the floor, is seen: any number.</summary>
    public uint TextureSeed { get; init; }

    /// <summary>From polished (0) to satin (1); matte and glass ignore it.</summary>
    public float Finish { get; init; } = 0.3f;

    /// <summary>Turn about the vertical, degrees, any number.</summary>
    public float Yaw { get; init; } = 30f;

    /// <summary>Lean towards the viewer, degrees, −180 to 180. Whatever the pose, the object rests on the floor.</summary>
    public float Tilt { get; init; }

    /// <summary>Turn about the object's own front-to-back axis, degrees, −180 to 180; the first of the three turns.</summary>
    public float Roll { get; init; }

    /// <summary>Radius of the object in half widths of the image, 0.2 to 0.9; a shape reaches at most 1.08 times as far.</summary>
    public float Scale { get; init; } = 0.66f;

    /// <summary>The object's middle, in half widths to the right of the image's middle, −0.6 to 0.6.</summary>
    public float PlaceX { get; init; }

    /// <summary>The object's middle, in half widths above the image's middle, −0.6 to 0.6.</summary>
    public float PlaceY { get; init; }

    /// <summary>How far the viewer looks down on the floor, degrees, 4 to 70.</summary>
    public float CameraElevation { get; init; } = 20f;

    /// <summary>Where the main light stands, degrees to the right of the viewer's side, −110 to 110.</summary>
    public float LightAzimuth { get; init; } = -45f;

    /// <summary>Height of the main light above the floor, degrees, 15 to 85.</summary>
    public float LightElevation { get; init; } = 48f;

    /// <summary>Colour of the main light, −1 (blue as a clear sky) to 1 (golden as an evening).</summary>
    public float LightWarmth { get; init; } = 0.2f;

    /// <summary>Size of the main light, 0 (small, with crisp shadows) to 1 (large, with wide penumbras).</summary>
    public float LightSoftness { get; init; } = 0.4f;

    /// <summary>Brightness of the main light, 0.4 to 1.6.</summary>
    public float LightStrength { get; init; } = 1f;

    /// <summary>What stands behind the floor.</summary>
    public SceneBackdrop Backdrop { get; init; }

    /// <summary>Colour of the backdrop.</summary>
    public SceneColour BackdropColour { get; init; } = new(0.85f, 0.02f, 80f);

    /// <summary>Texture of the floor.</summary>
    public SceneFloor Floor { get; init; }

    /// <summary>Colour of the floor.</summary>
    public SceneColour FloorColour { get; init; } = new(0.85f, 0.02f, 80f);

    /// <summary>How much the floor mirrors the object, 0 to 1.</summary>
    public float FloorGloss { get; init; }

    /// <summary>The class of the scene: see <see cref="MaterialsSet.ClassNames"/>.</summary>
    public int ClassIndex => MaterialsSet.ClassOf(Material, Shape);

    /// <summary>Checks every property.</summary>
    /// <returns>The scene itself.</returns>
    /// <exception cref="ConfigException">Lists all properties outside their ranges.</exception>
    public MaterialsScene Validate()
    {
        var faults = new FaultCollector();
        void Shade(SceneColour colour, string name)
        {
            faults.Range(colour.Lightness, 0, 1, $"{name}.{nameof(colour.Lightness)}");
            faults.Range(colour.Chroma, 0, 0.4f, $"{name}.{nameof(colour.Chroma)}");
            faults.Range(colour.Hue, -36000, 36000, $"{name}.{nameof(colour.Hue)}");
        }

        faults.OneOf(Shape, nameof(Shape));
        faults.OneOf(Material, nameof(Material));
        faults.OneOf(Backdrop, nameof(Backdrop));
        faults.OneOf(Floor, nameof(Floor));
        Shade(Colour, nameof(Colour));
        Shade(BackdropColour, nameof(BackdropColour));
        Shade(FloorColour, nameof(FloorColour));
        faults.Range(Finish, 0, 1, nameof(Finish));
        faults.Range(Yaw, -36000, 36000, nameof(Yaw));
        faults.Range(Tilt, -180, 180, nameof(Tilt));
        faults.Range(Roll, -180, 180, nameof(Roll));
        faults.Range(Scale, 0.2f, 0.9f, nameof(Scale));
        faults.Range(PlaceX, -0.6f, 0.6f, nameof(PlaceX));
        faults.Range(PlaceY, -0.6f, 0.6f, nameof(PlaceY));
        faults.Range(CameraElevation, 4, 70, nameof(CameraElevation));
        faults.Range(LightAzimuth, -110, 110, nameof(LightAzimuth));
        faults.Range(LightElevation, 15, 85, nameof(LightElevation));
        faults.Range(LightWarmth, -1, 1, nameof(LightWarmth));
        faults.Range(LightSoftness, 0, 1, nameof(LightSoftness));
        faults.Range(LightStrength, 0.4f, 1.6f, nameof(LightStrength));
        faults.Range(FloorGloss, 0, 1, nameof(FloorGloss));
        return faults.Checked(this, "The scene");
    }
}
