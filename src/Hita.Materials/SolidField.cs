using System.Numerics;
using System.Runtime.Intrinsics;
using static Hita.Materials.WideMath;
using Wide = System.Runtime.Intrinsics.Vector256<float>;

namespace Hita.Materials;

/// <summary>What the shading asks of a solid, in the solid's own space, for eight rays or points at once.</summary>
internal abstract class SolidField
{
    private static readonly SolidField[] Fields =
    [
        new SolidField<Cone>(), new SolidField<Cube>(), new SolidField<Cylinder>(),
        new SolidField<Sphere>(), new SolidField<Star>(), new SolidField<Torus>(),
    ];

    /// <summary>The solid of a shape.</summary>
    public static SolidField Of(SceneShape shape) => Fields[(int)shape];

    /// <summary>Radius of a ball around the origin that holds the solid.</summary>
    public abstract float Radius { get; }

    /// <summary>Whether the solid can throw no shadow on itself.</summary>
    public abstract bool IsConvex { get; }

    /// <summary>How far the solid reaches from the origin in a direction of length 1.</summary>
    public abstract float Reach(Vector3 direction);

    /// <summary>Coordinates in which the surface is tiled.</summary>
    public abstract Wide3 TileCoordinates(in Wide3 p);

    /// <summary>Where rays meet the solid first.</summary>
    /// <param name="origin">Starts of the rays, outside.</param>
    /// <param name="direction">Directions of length 1.</param>
    /// <param name="distance">How far along each ray the surface lies; of no meaning where the ray misses.</param>
    /// <returns>The rays that meet it.</returns>
    public abstract Wide Meet(in Wide3 origin, in Wide3 direction, out Wide distance);

    /// <summary>How far rays that start just inside travel until they leave the solid.</summary>
    public abstract Wide Cross(in Wide3 origin, in Wide3 direction);

    /// <summary>Outward normals at points on the surface.</summary>
    public abstract Wide3 Normal(in Wide3 p);

    /// <summary>The share of the light that reaches points past the solid, 0 to 1.</summary>
    /// <param name="p">The lit points.</param>
    /// <param name="light">Direction to the middle of the light, of length 1.</param>
    /// <param name="spread">Tangent of half the angle under which the light is seen.</param>
    public abstract Wide Light(in Wide3 p, Vector3 light, float spread);

    /// <summary>The share of the surroundings seen from points along a normal, 0 to 1.</summary>
    public abstract Wide Openness(in Wide3 p, in Wide3 normal);
}

/// <summary>The marching of rays, compiled for one solid so that its distance is inlined into the loops.</summary>
internal sealed class SolidField<TSolid> : SolidField
    where TSolid : struct, ISolid
{
    private const float HitDistance = 0.0006f;

    public override float Radius => TSolid.Radius;

    public override bool IsConvex => TSolid.IsConvex;

    public override float Reach(Vector3 direction) => TSolid.Reach(direction);

    public override Wide3 TileCoordinates(in Wide3 p) => TSolid.TileCoordinates(p);

    public override Wide Meet(in Wide3 origin, in Wide3 direction, out Wide distance)
    {
        var middle = -Wide3.Dot(origin, direction);
        var square = Wide3.Dot(origin, origin) - (middle * middle);
        var half = (TSolid.Radius * TSolid.Radius) - square;
        var root = Root(Max(half, 0f));
        var exit = middle + root;
        var running = Vector256.BitwiseAnd(half > 0f, exit > 0f);
        var t = Max(middle - root, 0f);
        var met = Wide.Zero;
        for (var step = 0; step < 56 && Any(running); step++)
        {
            var d = TSolid.Distance(origin + (direction * t));
            met |= running & (d < HitDistance);
            running = Vector256.AndNot(running, met) & (t < exit);
            t += Where(running, d, Wide.Zero);
        }
        // Rays that graze the edge use up their steps on the surface itself: those met it.
        if (Any(running))
            met |= running & (TSolid.Distance(origin + (direction * t)) < (8 * HitDistance));
        distance = t;
        return met;
    }

    public override Wide Cross(in Wide3 origin, in Wide3 direction)
    {
        var t = Wide.Zero;
        for (var step = 0; step < 20; step++)
        {
            var d = -TSolid.Distance(origin + (direction * t));
            if (!Any(d > HitDistance))
                break;
            t += Max(d, 0f);
        }
        return t;
    }

    // The corners of a tetrahedron: four distances instead of six, and no axis is preferred.
    public override Wide3 Normal(in Wide3 p)
    {
        const float Step = 0.0015f;
        var a = TSolid.Distance(new(p.X + Step, p.Y - Step, p.Z - Step));
        var b = TSolid.Distance(new(p.X - Step, p.Y - Step, p.Z + Step));
        var c = TSolid.Distance(new(p.X - Step, p.Y + Step, p.Z - Step));
        var d = TSolid.Distance(new(p.X + Step, p.Y + Step, p.Z + Step));
        return new Wide3(a - b - c + d, c + d - a - b, b + d - a - c).Normalised();
    }

    public override Wide Light(in Wide3 p, Vector3 light, float spread)
    {
        var middle = -Wide3.Dot(p, light);
        var square = Wide3.Dot(p, p) - (middle * middle);
        var half = TSolid.Radius + (Max(middle, 0f) * spread);
        var running = (square < (half * half)) & (middle > -TSolid.Radius);
        if (!Any(running))
            return Of(1f);

        var exit = middle + TSolid.Radius;
        var t = Max(middle - TSolid.Radius, 0.02f);
        var open = Of(1f);
        for (var step = 0; step < 28 && Any(running); step++)
        {
            var d = TSolid.Distance(new(p.X + (t * light.X), p.Y + (t * light.Y), p.Z + (t * light.Z)));
            open = Where(running, Min(open, d / (t * spread)), open);
            running &= (open > -1f) & (t < exit);
            t += Clamp(d * 0.8f, 0.02f, 0.25f);
        }
        // The part of a round light above a straight edge, −1 (covered) to 1 (free).
        open = Max(open, -1f);
        return (1f + open) * (1f + open) * (2f - open) * 0.25f;
    }

    public override Wide Openness(in Wide3 p, in Wide3 normal)
    {
        var closed = Wide.Zero;
        closed += Max(0.10f - TSolid.Distance(p + (normal * 0.10f)), 0f) * 2.6f;
        closed += Max(0.25f - TSolid.Distance(p + (normal * 0.25f)), 0f) * 1.1f;
        closed += Max(0.60f - TSolid.Distance(p + (normal * 0.60f)), 0f) * 0.45f;
        return Max(1f - closed, 0.16f);
    }

    private static Wide Of(float value) => Vector256.Create(value);
}
