using System.Numerics;
using System.Runtime.Intrinsics;
using Hita.Runtime;
using static Hita.Materials.WideMath;
using Wide = System.Runtime.Intrinsics.Vector256<float>;

namespace Hita.Materials;

/// <summary>The studio: floor, backdrop and lamps, without the object. Colours are linear light.</summary>
internal sealed class Stage
{
    private const float WallDistance = 3.4f;

    private static readonly Vector3 RimTo = new(0.86602540f, 0f, -0.5f);

    private readonly SceneBackdrop _backdrop;
    private readonly SceneFloor _floor;
    private readonly Vector3 _floorAlbedo;
    private readonly Vector3 _far;
    private readonly Vector3 _near;
    private readonly Vector3 _lampRight;
    private readonly Vector3 _lampUp;
    private readonly Vector3 _strip;
    private readonly Vector3 _stripTo;
    private readonly float _floorSin;
    private readonly float _floorCos;
    private readonly float _floorShift;

    public Stage(MaterialsScene scene)
    {
        _backdrop = scene.Backdrop;
        _floor = scene.Floor;
        _floorAlbedo = scene.FloorColour.ToLinear() * 0.92f;
        var wall = scene.BackdropColour.ToLinear();

        var (sinA, cosA) = ExactMath.SinCos(scene.LightAzimuth);
        var (sinE, cosE) = ExactMath.SinCos(scene.LightElevation);
        Light = new Vector3((float)(sinA * cosE), (float)sinE, (float)(cosA * cosE));
        _lampRight = new Vector3((float)cosA, 0, (float)-sinA);
        _lampUp = new Vector3((float)(-sinA * sinE), (float)cosE, (float)(-cosA * sinE));
        LightSpread = 0.035f + (0.24f * scene.LightSoftness);

        var warm = scene.LightWarmth;
        var tint = warm >= 0
            ? new Vector3(1 + (0.10f * warm), 1 - (0.06f * warm), 1 - (0.34f * warm))
            : new Vector3(1 + (0.17f * warm), 1 + (0.06f * warm), 1 - (0.12f * warm));
        Key = tint * (2.5f * scene.LightStrength);
        // The shade is lit by the sky: the opposite tint of the lamp, and some of the backdrop's.
        var sky = Vector3.One - ((tint - Vector3.One) * 0.45f);
        Sky = ((sky * 0.72f) + (wall * 0.28f)) * 0.62f;
        Bounce = _floorAlbedo * ((Key * (0.34f * Light.Y)) + (Sky * 0.30f));
        _strip = sky * 2.6f;
        var (sinS, cosS) = ExactMath.SinCos(scene.LightAzimuth > 0 ? -68 : 68);
        _stripTo = new Vector3((float)sinS, 0, (float)cosS);

        var litFloor = _floorAlbedo * ((Key * Light.Y) + Sky);
        var litWall = wall * ((Key * 0.42f) + (Sky * 0.9f));
        (_near, _far) = _backdrop switch
        {
            SceneBackdrop.Sweep => (litFloor * 0.86f, litWall * 0.85f),
            SceneBackdrop.Horizon => ((litWall * 0.9f) + new Vector3(0.30f), litWall * 0.95f),
            _ => (litWall, litWall * 0.8f),
        };

        var random = new CounterRandom(scene.TextureSeed, 0, 3);
        var (sinF, cosF) = ExactMath.SinCos(random.Between(-40, 40));
        (_floorSin, _floorCos, _floorShift) = ((float)sinF, (float)cosF, random.Between(10, 60));
    }

    /// <summary>Direction to the middle of the main light, of length 1.</summary>
    public Vector3 Light { get; }

    /// <summary>Tangent of half the angle under which the main light is seen.</summary>
    public float LightSpread { get; }

    /// <summary>Light of the main lamp on a surface that faces it.</summary>
    public Vector3 Key { get; }

    /// <summary>Light of the surroundings from above.</summary>
    public Vector3 Sky { get; }

    /// <summary>Light that the floor throws back.</summary>
    public Vector3 Bounce { get; }

    /// <summary>How far along rays the floor lies; very far where they do not go down.</summary>
    public static Wide ToFloor(in Wide3 origin, in Wide3 direction) =>
        Where(direction.Y < -1e-4f, -origin.Y / direction.Y, Of(1e4f));

    /// <summary>What rays see beyond the floor.</summary>
    public Wide3 Backdrop(in Wide3 origin, in Wide3 direction)
    {
        if (_backdrop == SceneBackdrop.Wall)
        {
            var t = (origin.Z + WallDistance) / Max(-direction.Z, 0.05f);
            var y = origin.Y + (direction.Y * t);
            var x = origin.X + (direction.X * t);
            // A pool of light on the wall, and the dusk in the corner at its foot.
            var pool = 1f / (1f + (((x * x) + ((y - 1.6f) * (y - 1.6f))) * 0.06f));
            var foot = 0.72f + (0.28f * Smooth(0f, 0.9f, y));
            return Wide3.Mix(new(_far), new(_near), pool) * (foot * (0.62f + (pool * 0.5f)));
        }
        if (_backdrop == SceneBackdrop.Horizon)
            return Wide3.Mix(new(_near), new(_far), Smooth(-0.04f, 0.42f, direction.Y)) * (1.06f - (Smooth(0f, 0.9f, direction.Y) * 0.3f));

        var rise = Smooth(-0.34f, 0.22f, direction.Y);
        var aside = (direction.X * direction.X) + ((direction.Y + 0.08f) * (direction.Y + 0.08f));
        var glow = 1f / (1f + (aside * 9f));
        return Wide3.Mix(new(_near), new(_far), rise) * (0.74f + (glow * 0.42f));
    }

    /// <summary>What mirroring and refracting surfaces see beyond the floor: the backdrop and the lamps.</summary>
    /// <param name="origin">Starts of the rays.</param>
    /// <param name="direction">Directions of length 1.</param>
    /// <param name="blur">Softness of the surface, 0 (a mirror) to 1 (satin).</param>
    public Wide3 Surroundings(in Wide3 origin, in Wide3 direction, float blur)
    {
        // Behind the viewer the studio is dark but for a window, or metal would look like paper.
        var behind = Smooth(-0.5f, 0.75f, direction.Z);
        var seen = Backdrop(origin, new(direction.X, direction.Y, -Vector256.Abs(direction.Z))) * (1f - (behind * 0.78f));
        var edge = 0.05f + (blur * 0.5f);
        var panel = Smooth(0.80f - (edge * 0.5f), 0.86f + (edge * 0.5f), direction.Y) * 0.9f;
        seen += new Wide3(Sky) * (panel + Window(direction, edge));
        var strength = 1f / (1f + blur);
        seen += new Wide3(Key) * (Lamp(direction, Light, _lampRight, _lampUp, 0.52f, 0.40f, edge) * (2.6f * strength));
        // A strip before the object on the side of the shade, and two behind it that draw its outline.
        seen += new Wide3(_strip) * (Lamp(direction, _stripTo, new(_stripTo.Z, 0, -_stripTo.X), Vector3.UnitY, 0.16f, 0.95f, edge) * strength);
        var aside = new Wide3(Vector256.Abs(direction.X), direction.Y, direction.Z);
        seen += new Wide3(_strip) * (Lamp(aside, RimTo, new(RimTo.Z, 0, -RimTo.X), Vector3.UnitY, 0.22f, 1.1f, edge) * (0.6f * strength));
        return seen;
    }

    /// <summary>Colour of the floor's surface.</summary>
    /// <param name="x">First coordinate on the floor.</param>
    /// <param name="z">Second coordinate on the floor.</param>
    /// <param name="footprint">Width of a pixel on the floor.</param>
    public Wide3 FloorAlbedo(Wide x, Wide z, Wide footprint)
    {
        var plain = new Wide3(_floorAlbedo);
        if (_floor == SceneFloor.Plain)
            return plain;

        var u = (x * _floorCos) - (z * _floorSin) + _floorShift;
        var v = (x * _floorSin) + (z * _floorCos) + (_floorShift * 0.7f);
        var seen = Unit(1.5f - (footprint * 3f));
        switch (_floor)
        {
            case SceneFloor.Concrete:
                var clouds = SolidTextures.Noise(new(u * 1.1f, v * 1.1f, Of(0.5f))) + (SolidTextures.Noise(new(u * 3.7f, v * 3.7f, Of(7.5f))) * 0.5f * seen);
                return plain * (0.84f + (clouds * 0.22f));
            case SceneFloor.Tiles:
                var joint = Max(Line(u * 0.62f, footprint * 0.62f, 0.012f), Line(v * 0.62f, footprint * 0.62f, 0.012f));
                var tile = SolidTextures.Noise(new(Vector256.Floor(u * 0.62f + 0.5f), Vector256.Floor(v * 0.62f + 0.5f), Of(3f)));
                return plain * ((0.95f + ((tile - 0.5f) * 0.14f)) * (1f - (joint * 0.38f)));
            default:
                var board = Vector256.Floor(u * 1.35f);
                var tone = SolidTextures.Noise(new(board, Vector256.Floor((v * 0.16f) + (board * 0.37f)), Of(5f)));
                var gap = Max(Line((u * 1.35f) + 0.5f, footprint * 1.35f, 0.012f), Line((v * 0.16f) + (board * 0.37f) + 0.5f, footprint * 0.16f, 0.002f));
                var grain = (SolidTextures.Noise(new(u * 11f, v * 0.8f, board)) - 0.5f) * Unit(1.4f - (footprint * 13f));
                return plain * ((0.94f + ((tone - 0.5f) * 0.26f) + (grain * 0.12f)) * (1f - (gap * 0.45f)));
        }
    }

    /// <summary>How far the floor has turned into the backdrop, 0 to 1, at a distance from the middle.</summary>
    public Wide FloorFade(Wide x, Wide z, in Wide3 direction)
    {
        var away = Root((x * x) + (z * z));
        return _backdrop switch
        {
            SceneBackdrop.Sweep => Smooth(2.2f, 7.5f, away),
            SceneBackdrop.Horizon => Max(Smooth(7f, 34f, away), Smooth(-0.10f, -0.002f, direction.Y)),
            _ => Where(z < -WallDistance, Of(1f), Wide.Zero),
        };
    }

    /// <summary>Light of the main lamp on the floor: a pool around the object.</summary>
    public Wide Pool(Wide x, Wide z) => 1f / (1f + (((x * x) + (z * z)) * (_backdrop == SceneBackdrop.Horizon ? 0.002f : 0.012f)));

    // The share of a pixel of width f that a line of half width w at whole numbers covers.
    private static Wide Line(Wide u, Wide f, float w)
    {
        var covered = Unit(((w - FromWhole(u)) / f) + 0.5f);
        return covered * Min(Of(1f), (2f * w) / f);
    }

    // A window of two by two panes, high behind the viewer.
    private static Wide Window(in Wide3 d, float edge)
    {
        var scale = 1f / Max(d.Z, 0.05f);
        var u = Vector256.Abs((d.X * scale) + 0.12f);
        var v = Vector256.Abs((d.Y * scale) - 0.50f);
        var frame = Smooth(0.62f + edge, 0.62f - edge, u) * Smooth(0.42f + edge, 0.42f - edge, v);
        var bars = Smooth(0.02f, 0.02f + edge, u) * Smooth(0.02f, 0.02f + edge, v);
        return Where(d.Z > 0.05f, frame * (0.35f + (bars * 1.25f)), Wide.Zero);
    }

    private static Wide Lamp(in Wide3 d, Vector3 to, Vector3 right, Vector3 up, float halfWidth, float halfHeight, float edge)
    {
        var facing = Wide3.Dot(d, to);
        var scale = 1f / Max(facing, 0.05f);
        var u = Vector256.Abs(Wide3.Dot(d, right) * scale);
        var v = Vector256.Abs(Wide3.Dot(d, up) * scale);
        var lit = Smooth(halfWidth + edge, halfWidth - edge, u) * Smooth(halfHeight + edge, halfHeight - edge, v);
        return Where(facing > 0.05f, lit, Wide.Zero);
    }
}
