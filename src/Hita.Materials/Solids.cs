using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Hita.Materials.WideMath;
using Wide = System.Runtime.Intrinsics.Vector256<float>;

namespace Hita.Materials;

/// <summary>A solid around the origin of its own space, about one unit in radius, given by its signed distance.</summary>
internal interface ISolid
{
    /// <summary>Radius of a ball around the origin that holds the solid.</summary>
    static abstract float Radius { get; }

    /// <summary>Whether a straight line between two points of the surface never leaves the solid.</summary>
    static abstract bool IsConvex { get; }

    /// <summary>Distance of points to the surface, negative inside.</summary>
    static abstract Wide Distance(in Wide3 p);

    /// <summary>How far the solid reaches from the origin in a direction of length 1.</summary>
    static abstract float Reach(Vector3 direction);

    /// <summary>Coordinates in which the surface is tiled: a tile is a unit cube of them.</summary>
    static abstract Wide3 TileCoordinates(in Wide3 p);
}

internal readonly struct Sphere : ISolid
{
    private const float Size = 0.86f;

    public static float Radius => Size;

    public static bool IsConvex => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Distance(in Wide3 p) => p.Length() - Size;

    public static float Reach(Vector3 direction) => Size;

    public static Wide3 TileCoordinates(in Wide3 p) => new(
        Angle(p.X, p.Z) * 5f, (Angle(p.Y, Root((p.X * p.X) + (p.Z * p.Z))) * 6f) + 6f, Of(0.5f));
}

internal readonly struct Cube : ISolid
{
    private const float Half = 0.55f;
    private const float Rounding = 0.07f;

    public static float Radius => (Half * 1.7320508f) + Rounding;

    public static bool IsConvex => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Distance(in Wide3 p)
    {
        var x = Vector256.Abs(p.X) - Half;
        var y = Vector256.Abs(p.Y) - Half;
        var z = Vector256.Abs(p.Z) - Half;
        var outside = new Wide3(Max(x, 0f), Max(y, 0f), Max(z, 0f)).Length();
        return outside + Min(Max(x, Max(y, z)), Of(0f)) - Rounding;
    }

    public static float Reach(Vector3 d) => ((MathF.Abs(d.X) + MathF.Abs(d.Y) + MathF.Abs(d.Z)) * Half) + Rounding;

    // Three tiles an edge; the faces lie inside a layer of tiles, not on its border.
    public static Wide3 TileCoordinates(in Wide3 p) =>
        new((p.X * 2.4f) + 0.5f, (p.Y * 2.4f) + 0.5f, (p.Z * 2.4f) + 0.5f);
}

internal readonly struct Cylinder : ISolid
{
    private const float Across = 0.53f;
    private const float Half = 0.65f;
    private const float Rounding = 0.07f;

    public static float Radius => 0.91f;

    public static bool IsConvex => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Distance(in Wide3 p)
    {
        var side = Root((p.X * p.X) + (p.Z * p.Z)) - Across;
        var cap = Vector256.Abs(p.Y) - Half;
        var outerSide = Max(side, 0f);
        var outerCap = Max(cap, 0f);
        return Root((outerSide * outerSide) + (outerCap * outerCap)) + Min(Max(side, cap), Of(0f)) - Rounding;
    }

    public static float Reach(Vector3 d) =>
        (MathF.Abs(d.Y) * Half) + (MathF.Sqrt((d.X * d.X) + (d.Z * d.Z)) * Across) + Rounding;

    public static Wide3 TileCoordinates(in Wide3 p) => new(
        Angle(p.X, p.Z) * 5f,
        (p.Y * 2.75f) + 0.5f,
        Vector256.Floor(Root((p.X * p.X) + (p.Z * p.Z)) * (1f / 0.3f)));
}

internal readonly struct Cone : ISolid
{
    private const float Base = -0.60f;
    private const float Tip = 0.82f;
    private const float Across = 0.74f;
    private const float Rounding = 0.06f;
    private const float Slant = 1.60125f; // √(0.74² + 1.42²)

    public static float Radius => 1.015f;

    public static bool IsConvex => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Distance(in Wide3 p)
    {
        const float NormalOut = (Tip - Base) / Slant;
        const float NormalUp = Across / Slant;
        var r = Root((p.X * p.X) + (p.Z * p.Z));

        // Nearest points of the base disc and of the slanted side, in the plane of the axis.
        var outside = Max(r - Across, 0f);
        var above = p.Y - Base;
        var along = Unit((((Tip - p.Y) * NormalOut) + (r * NormalUp)) * (1f / Slant));
        var sideR = r - (along * Across);
        var sideY = p.Y - Tip + (along * (Tip - Base));
        var square = Min((outside * outside) + (above * above), (sideR * sideR) + (sideY * sideY));
        var height = ((r - Across) * NormalOut) + (above * NormalUp);
        var inside = Max(height, -above) < 0f;
        var distance = Root(square);
        return Where(inside, -distance, distance) - Rounding;
    }

    public static float Reach(Vector3 d) =>
        MathF.Max(d.Y * Tip, (d.Y * Base) + (MathF.Sqrt((d.X * d.X) + (d.Z * d.Z)) * Across)) + Rounding;

    public static Wide3 TileCoordinates(in Wide3 p) => new(
        Angle(p.X, p.Z) * 5f,
        ((p.Y - Tip) * 2.6f) + 8f,
        Of(0.5f));
}

internal readonly struct Torus : ISolid
{
    private const float Ring = 0.70f;
    private const float Tube = 0.30f;

    public static float Radius => Ring + Tube;

    public static bool IsConvex => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Distance(in Wide3 p)
    {
        var r = Root((p.X * p.X) + (p.Y * p.Y)) - Ring;
        return Root((r * r) + (p.Z * p.Z)) - Tube;
    }

    public static float Reach(Vector3 d) => (MathF.Sqrt((d.X * d.X) + (d.Y * d.Y)) * Ring) + Tube;

    public static Wide3 TileCoordinates(in Wide3 p)
    {
        var r = Root((p.X * p.X) + (p.Y * p.Y)) - Ring;
        return new(Angle(p.Y, p.X) * 7f, Angle(p.Z, r) * 3f, Of(0.5f));
    }
}

internal readonly struct Star : ISolid
{
    private const float Outer = 0.97f;
    private const float Inner = 0.46f;
    private const float Half = 0.22f;
    private const float Rounding = 0.07f;

    public static float Radius => 1.07f;

    public static bool IsConvex => false;

    // The outline is folded onto one half of one point: the edge from the tip (0, Outer) to the notch beside it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Distance(in Wide3 p)
    {
        const float Sin36 = 0.58778525f;
        const float Cos36 = 0.80901699f;
        const float EdgeX = Inner * Sin36;
        const float EdgeY = (Inner * Cos36) - Outer;

        var x = Vector256.Abs(p.X);
        var y = p.Y;
        var fold = Max((x * Cos36) - (y * Sin36), 0f) * 2f;
        x -= fold * Cos36;
        y += fold * Sin36;
        fold = Max(-(x * Cos36) - (y * Sin36), 0f) * 2f;
        x += fold * Cos36;
        y += fold * Sin36;
        x = Vector256.Abs(x);
        y -= Outer;

        var along = Unit(((x * EdgeX) + (y * EdgeY)) * (1f / ((EdgeX * EdgeX) + (EdgeY * EdgeY))));
        var dx = x - (along * EdgeX);
        var dy = y - (along * EdgeY);
        var outline = Root((dx * dx) + (dy * dy));
        outline = Where((x * EdgeY) - (y * EdgeX) > 0f, -outline, outline);

        var face = Vector256.Abs(p.Z) - Half;
        var outerSide = Max(outline, 0f);
        var outerFace = Max(face, 0f);
        return Root((outerSide * outerSide) + (outerFace * outerFace)) + Min(Max(outline, face), Of(0f)) - Rounding;
    }

    public static float Reach(Vector3 d)
    {
        var reach = 0f;
        for (var point = 0; point < 5; point++)
        {
            var (sin, cos) = ExactMath.SinCos(72 * point);
            reach = MathF.Max(reach, ((float)sin * d.X) + ((float)cos * d.Y));
        }
        return (reach * Outer) + (MathF.Abs(d.Z) * Half) + Rounding;
    }

    public static Wide3 TileCoordinates(in Wide3 p) =>
        new((p.X * 3f) + 0.5f, (p.Y * 3f) + 0.2f, (p.Z * 1.5f) + 0.5f);
}
