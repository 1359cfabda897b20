using Hita.Runtime;

namespace Hita.Materials;

/// <summary>Samples scenes at random, within the bounds of good taste: colours that go together, poses that show the shape.</summary>
internal static class SceneSampler
{
    private static readonly SceneColour[] Palette =
    [
        new(0.56f, 0.21f, 26f), new(0.68f, 0.18f, 36f), new(0.75f, 0.16f, 60f), new(0.82f, 0.155f, 82f), new(0.90f, 0.15f, 102f),
        new(0.80f, 0.17f, 128f), new(0.60f, 0.15f, 148f), new(0.44f, 0.10f, 160f), new(0.68f, 0.12f, 186f), new(0.76f, 0.11f, 222f),
        new(0.55f, 0.18f, 256f), new(0.42f, 0.16f, 272f), new(0.60f, 0.18f, 300f), new(0.48f, 0.17f, 322f), new(0.66f, 0.21f, 350f),
        new(0.82f, 0.09f, 8f), new(0.93f, 0.025f, 92f), new(0.42f, 0.03f, 250f),
    ];

    public static MaterialsScene Sample(SceneMaterial material, SceneShape shape, ref CounterRandom random)
    {
        // Decisions that do not depend on the class come first, so that they are the same for every class.
        var chosen = Palette[random.Below(Palette.Length)];
        var colour = new SceneColour(
            Math.Clamp(chosen.Lightness + random.Around(0.05f), 0f, 0.96f),
            chosen.Chroma * random.Between(0.8f, 1.1f),
            chosen.Hue + random.Around(14f));
        var scale = random.Between(0.64f, 0.80f);
        var room = MathF.Min(0.26f, 0.95f - (1.08f * scale));
        var scene = new MaterialsScene
        {
            Shape = shape,
            Material = material,
            Colour = colour,
            TextureSeed = (uint)random.NextBits(),
            Finish = random.Next(),
            Scale = scale,
            PlaceX = random.Around(room),
            PlaceY = random.Around(room * 0.8f) - (0.1f * room),
            CameraElevation = random.Between(11f, 36f),
            LightAzimuth = random.Between(24f, 82f) * (random.Chance(0.5f) ? -1f : 1f),
            LightElevation = random.Between(32f, 64f),
            LightWarmth = random.Around(1f),
            LightSoftness = random.Next(),
            LightStrength = random.Between(0.88f, 1.14f),
            FloorGloss = random.Chance(0.55f) ? random.Between(0.25f, 0.9f) : 0f,
        };
        return Posed(Furnished(scene, ref random), ref random);
    }

    private static MaterialsScene Furnished(MaterialsScene scene, ref CounterRandom random)
    {
        // Beside the object's hue stands its opposite, a neighbour or no hue at all.
        var hue = scene.Colour.Hue + (random.Chance(0.6f) ? 180f + random.Around(55f) : random.Between(40f, 85f) * (random.Chance(0.5f) ? -1f : 1f));
        var kind = random.Next();
        var wall = kind switch
        {
            < 0.24f => new SceneColour(random.Between(0.84f, 0.95f), random.Between(0f, 0.02f), hue),
            < 0.58f => new SceneColour(random.Between(0.80f, 0.90f), random.Between(0.04f, 0.085f), hue),
            < 0.80f => new SceneColour(random.Between(0.58f, 0.74f), random.Between(0.07f, 0.12f), hue),
            _ => new SceneColour(random.Between(0.34f, 0.48f), random.Between(0.015f, 0.065f), random.Between(200f, 350f)),
        };
        var backdrop = (SceneBackdrop)random.Below(3);
        var floor = (SceneFloor)random.Below(4);
        var shift = random.Around(0.06f);
        var ground = backdrop switch
        {
            SceneBackdrop.Sweep => wall with { Lightness = Math.Clamp(wall.Lightness + shift, 0.2f, 0.96f) },
            SceneBackdrop.Horizon => new SceneColour(random.Between(0.55f, 0.88f), random.Between(0.01f, 0.06f), hue + 150f),
            _ => new SceneColour(Math.Clamp(wall.Lightness + random.Between(-0.16f, 0.1f), 0.3f, 0.93f), wall.Chroma * random.Between(0.3f, 1.1f), wall.Hue + random.Around(60f)),
        };
        if (floor == SceneFloor.Planks)
            ground = new SceneColour(random.Between(0.48f, 0.80f), random.Between(0.03f, 0.065f), random.Between(50f, 75f));
        return scene with { Backdrop = backdrop, Floor = floor, BackdropColour = wall, FloorColour = ground };
    }

    private static MaterialsScene Posed(MaterialsScene scene, ref CounterRandom random)
    {
        var turn = random.Between(-180f, 180f);
        var lies = random.Next();
        switch (scene.Shape)
        {
            case SceneShape.Cube:
                return lies < 0.65f
                    ? scene with { Yaw = turn }
                    : scene with { Yaw = turn, Tilt = random.Around(32f), Roll = random.Around(32f) };
            case SceneShape.Cylinder:
                return lies < 0.7f
                    ? scene with { Yaw = turn, Tilt = random.Around(16f), Roll = random.Around(16f) }
                    : scene with { Yaw = random.Around(58f), Tilt = turn, Roll = 90f };
            case SceneShape.Cone:
                return lies < 0.72f
                    ? scene with { Yaw = turn, Tilt = random.Around(14f), Roll = random.Around(14f) }
                    : scene with { Yaw = random.Around(50f), Roll = lies < 0.86f ? 117.5f : -117.5f };
            case SceneShape.Star:
                return scene with { Yaw = random.Around(46f), Tilt = random.Between(-42f, -2f), Roll = turn };
            case SceneShape.Torus:
                return lies < 0.5f
                    ? scene with { Yaw = random.Around(50f), Tilt = random.Between(-72f, -40f), Roll = turn }
                    : scene with { Yaw = random.Around(52f), Tilt = random.Between(-32f, -4f), Roll = turn };
            default:
                return scene with { Yaw = turn, Tilt = random.Between(-60f, 60f), Roll = random.Around(90f) };
        }
    }
}
