using System.Numerics;
using static Hita.Materials.WideMath;
using Wide = System.Runtime.Intrinsics.Vector256<float>;

namespace Hita.Materials;

/// <summary>Follows rays through a scene: the linear light that eight of them bring back. Safe to use from many threads.</summary>
/// <remarks>The room's first axis runs right, the second up, the third towards the viewer.</remarks>
internal sealed class SceneTracer
{
    private const float CameraDistance = 5.6f;

    private readonly Stage _stage;
    private readonly Placement _placement;
    private readonly SolidField _field;
    private readonly Substance _substance;
    private readonly Vector3 _light;
    private readonly Vector3 _eye;
    private readonly Vector3 _forward;
    private readonly Vector3 _up;
    private readonly float _zoom;
    private readonly float _placeX;
    private readonly float _placeY;
    private readonly float _gloss;
    private readonly float _pixel;
    private readonly bool _isEmpty;

    /// <summary>Prepares a scene.</summary>
    /// <param name="scene">A validated scene.</param>
    /// <param name="pixelWidth">Width of a sample in half widths of the image.</param>
    /// <param name="isEmpty">Whether the object is taken away.</param>
    public SceneTracer(MaterialsScene scene, float pixelWidth, bool isEmpty = false)
    {
        _isEmpty = isEmpty;
        _stage = new Stage(scene);
        _placement = new Placement(scene);
        _field = _placement.Field;
        _light = _placement.ToObject(_stage.Light);
        _gloss = scene.FloorGloss;
        (_placeX, _placeY) = (scene.PlaceX, scene.PlaceY);

        var (sin, cos) = ExactMath.SinCos(scene.CameraElevation);
        _forward = new Vector3(0, (float)-sin, (float)-cos);
        _up = new Vector3(0, (float)cos, (float)-sin);
        _eye = new Vector3(0, _placement.Height + (CameraDistance * (float)sin), CameraDistance * (float)cos);
        // A ball of radius 1 is seen with the radius the scene asks for.
        _zoom = 1f / (scene.Scale * MathF.Sqrt((CameraDistance * CameraDistance) - 1f));
        _pixel = pixelWidth * _zoom;
        _substance = new Substance(scene, _pixel * CameraDistance);
    }

    /// <summary>The light that comes from eight points of the image.</summary>
    /// <param name="x">From −1 (left edge) to 1.</param>
    /// <param name="y">From −1 (lower edge) to 1.</param>
    /// <param name="met">The points that show the object.</param>
    public Wide3 See(Wide x, Wide y, out Wide met)
    {
        var origin = new Wide3(_eye);
        var direction = Ray(x, y);
        if (_isEmpty)
        {
            met = Wide.Zero;
            return Floor(origin, direction);
        }
        met = Meet(origin, direction, out var distance);
        var seen = Any(~met) ? Floor(origin, direction) : default;
        return Any(met) ? Wide3.Where(met, Surface(origin, direction, distance), seen) : seen;
    }

    /// <summary>The points of the image that show the object.</summary>
    public Wide Covers(Wide x, Wide y) => Meet(new(_eye), Ray(x, y), out _);

    private Wide3 Ray(Wide x, Wide y)
    {
        var right = (x - _placeX) * _zoom;
        var rise = (y - _placeY) * _zoom;
        return new Wide3(
            right,
            _forward.Y + (rise * _up.Y),
            _forward.Z + (rise * _up.Z)).Normalised();
    }

    private Wide Meet(in Wide3 origin, in Wide3 direction, out Wide distance) =>
        _field.Meet(_placement.PointToObject(origin), _placement.ToObject(direction), out distance);

    /// <summary>Floor and backdrop as the viewer sees them, with the object's shadow and mirror image.</summary>
    private Wide3 Floor(in Wide3 origin, in Wide3 direction)
    {
        var backdrop = _stage.Backdrop(origin, direction);
        var t = Stage.ToFloor(origin, direction);
        var p = origin + (direction * t);
        var fade = _stage.FloorFade(p.X, p.Z, direction);
        var visible = (direction.Y < -1e-4f) & (fade < 1f);
        if (!Any(visible))
            return backdrop;

        var lit = new Wide3(Vector3.One);
        var open = Of(1f);
        if (!_isEmpty)
        {
            var local = _placement.PointToObject(p);
            lit = _substance.Shadow(_field.Light(local, _light, _stage.LightSpread), local, _light, _field.Radius);
            var reach = _field.Radius + 0.7f;
            var near = Wide3.Dot(local, local) < Of(reach * reach);
            if (Any(near))
                open = _substance.Ambient(Where(near, _field.Openness(local, new(_placement.ToObject(Vector3.UnitY))), open));
        }

        var footprint = t * _pixel / Root(Max(-direction.Y, 0.02f));
        var pool = _stage.Pool(p.X, p.Z);
        var light = (lit * _stage.Key * (pool * _stage.Light.Y)) + (new Wide3(_stage.Sky) * (open * (0.55f + (pool * 0.45f))));
        var colour = _stage.FloorAlbedo(p.X, p.Z, footprint) * light;
        if (_gloss > 0 && !_isEmpty)
            colour = Polish(p, direction, colour, visible);
        return Wide3.Where(visible, Wide3.Mix(colour, backdrop, fade), backdrop);
    }

    private Wide3 Polish(in Wide3 p, in Wide3 direction, in Wide3 colour, Wide visible)
    {
        var mirrored = new Wide3(direction.X, -direction.Y, direction.Z);
        var met = Meet(p, mirrored, out var distance) & visible;
        if (!Any(met))
            return colour;
        var strength = _gloss * (0.16f + (0.75f * Fifth(1f + direction.Y)));
        // A floor is never quite flat: images of what is farther away are fainter.
        strength = strength / (1f + (distance * 0.9f));
        return Wide3.Where(met, Wide3.Mix(colour, Surface(p, mirrored, distance), strength), colour);
    }

    /// <summary>Floor and backdrop as the object mirrors or refracts them: its shadow is that of a ball.</summary>
    private Wide3 Around(in Wide3 origin, in Wide3 direction, float blur)
    {
        var around = _stage.Surroundings(origin, direction, blur);
        var down = direction.Y < -1e-3f;
        if (!Any(down))
            return around;
        var t = Stage.ToFloor(origin, direction);
        var p = origin + (direction * t);
        // Towards the viewer the floor runs into the dark of the studio.
        var away = Root((p.X * p.X) + (p.Z * p.Z));
        var fade = Max(_stage.FloorFade(p.X, p.Z, direction), Smooth(0.9f, 4.2f, away) * Smooth(-0.2f, 0.4f, direction.Z));
        fade = Max(fade, Smooth(-0.06f, -0.001f, direction.Y));

        var toMiddle = new Wide3(p.X, p.Y - _placement.Height, p.Z);
        var along = -Wide3.Dot(toMiddle, _stage.Light);
        var square = Wide3.Dot(toMiddle, toMiddle);
        var past = Root(Max(square - (along * along), 0f));
        var lit = Max(Smooth(0.5f, 1.0f, past), Where(along < 0f, Of(1f), Wide.Zero));
        var open = Smooth(0.1f, 1.7f, away);
        var pool = _stage.Pool(p.X, p.Z);
        var light = (_substance.Shadow(lit, _placement.ToObject(toMiddle), _light, _field.Radius) * _stage.Key * (pool * _stage.Light.Y))
            + (new Wide3(_stage.Sky) * _substance.Ambient((open * 0.8f) + 0.2f));
        var floor = _stage.FloorAlbedo(p.X, p.Z, Of(0.03f) + (t * (0.01f + (blur * 0.3f)))) * light;
        return Wide3.Where(down, Wide3.Mix(floor, around, fade), around);
    }

    private Wide3 Surface(in Wide3 origin, in Wide3 direction, Wide distance)
    {
        var p = origin + (direction * distance);
        var local = _placement.PointToObject(p);
        var localNormal = _field.Normal(local);
        var normal = _placement.ToRoom(localNormal);
        if (_substance.IsGlass)
            return Glass(p, direction, normal, local, localNormal);
        if (_substance.IsMetal)
            normal = _placement.ToRoom(_substance.Beaten(local, localNormal));

        var facing = Wide3.Dot(normal, _stage.Light);
        var lit = Smooth(-0.04f, 0.12f, facing) * Max(facing, 0f);
        var open = Of(1f);
        if (!_field.IsConvex)
        {
            if (Any(lit > 0f))
                lit *= _field.Light(local + (localNormal * 0.02f), _light, _stage.LightSpread);
            open = _field.Openness(local, localNormal);
        }
        // Close to the floor the lower half sees its own shadow.
        var lift = Smooth(-0.15f, 1.1f, p.Y);
        var above = 0.5f + (normal.Y * 0.5f);
        open *= 0.45f + (0.55f * Max(lift, above * above));
        var ambient = Wide3.Mix(new Wide3(_stage.Bounce) * (0.25f + (lift * 0.75f)), new(_stage.Sky), above) * open;

        var view = Max(-Wide3.Dot(direction, normal), 0f);
        var mirror = Around(p, Wide3.Mirror(direction, normal), _substance.Blur);
        var grazing = Fifth(1f - view);
        if (_substance.IsMetal)
            return _substance.Metal(grazing) * mirror * (0.35f + (0.65f * open));

        var albedo = _substance.Albedo(local, _field.TileCoordinates(local));
        var diffuse = albedo * ((new Wide3(_stage.Key) * lit) + ambient);
        var coat = (0.045f + (grazing * 0.955f)) * _substance.Coat * (0.3f + (0.7f * open));
        return Wide3.Mix(diffuse, mirror, coat);
    }

    private Wide3 Glass(in Wide3 p, in Wide3 direction, in Wide3 normal, in Wide3 local, in Wide3 localNormal)
    {
        const float Index = 1.46f;
        var view = Max(-Wide3.Dot(direction, normal), 0f);
        var mirror = Around(p, Wide3.Mirror(direction, normal), 0f);

        Refract(direction, normal, 1f / Index, out var within);
        var localWithin = _placement.ToObject(within);
        var start = local - (localNormal * 0.004f);
        var path = _field.Cross(start, localWithin);
        var localExit = start + (localWithin * path);
        var exitNormal = -_placement.ToRoom(_field.Normal(localExit));
        var free = Refract(within, exitNormal, Index, out var beyond);
        // Light that cannot leave is turned back once; where it then leaves hardly matters to the eye.
        beyond = Wide3.Where(free, beyond, Wide3.Mirror(within, exitNormal));
        var exit = p + (within * path);
        exit = new Wide3(exit.X, Max(exit.Y, 0.002f), exit.Z);
        var through = Around(exit, beyond, 0f) * _substance.Tint(path);
        through = Wide3.Where(free, through, through * 0.8f);

        var reflected = 0.07f + (0.93f * Fifth(1f - view));
        return Wide3.Mix(through, mirror, reflected);
    }

    // The direction behind a surface; false where all light is turned back.
    private static Wide Refract(in Wide3 direction, in Wide3 normal, float ratio, out Wide3 refracted)
    {
        var cos = -Wide3.Dot(direction, normal);
        var square = 1f - ((1f - (cos * cos)) * (ratio * ratio));
        refracted = ((direction * ratio) + (normal * ((cos * ratio) - Root(Max(square, 0f))))).Normalised();
        return square > 0f;
    }
}
