using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Wide = System.Runtime.Intrinsics.Vector256<float>;

namespace Hita.Materials;

/// <summary>Arithmetic on eight samples at once.</summary>
/// <remarks>
/// Only additions, products, quotients, square roots, comparisons and roundings are used, which IEEE 754 defines to the
/// bit, and never a fused product: an image has the same bytes on every processor, with or without vector units.
/// </remarks>
internal static class WideMath
{
    extension(Wide)
    {
        public static Wide operator +(Wide a, float b) => a + Vector256.Create(b);
        public static Wide operator +(float a, Wide b) => Vector256.Create(a) + b;
        public static Wide operator -(Wide a, float b) => a - Vector256.Create(b);
        public static Wide operator -(float a, Wide b) => Vector256.Create(a) - b;
        public static Wide operator /(float a, Wide b) => Vector256.Create(a) / b;
        public static Wide operator <(Wide a, Wide b) => Vector256.LessThan(a, b);
        public static Wide operator >(Wide a, Wide b) => Vector256.GreaterThan(a, b);
        public static Wide operator <(Wide a, float b) => Vector256.LessThan(a, Vector256.Create(b));
        public static Wide operator >(Wide a, float b) => Vector256.GreaterThan(a, Vector256.Create(b));
    }

    public static Wide Of(float value) => Vector256.Create(value);

    /// <summary>Whether a comparison holds in any sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Wide mask) => mask.ExtractMostSignificantBits() != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Min(Wide a, Wide b) => Vector256.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Max(Wide a, Wide b) => Vector256.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Max(Wide a, float b) => Vector256.MaxNative(a, Vector256.Create(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Clamp(Wide x, float low, float high) =>
        Vector256.MinNative(Vector256.MaxNative(x, Vector256.Create(low)), Vector256.Create(high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Unit(Wide x) => Clamp(x, 0f, 1f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Mix(Wide a, Wide b, Wide share) => a + ((b - a) * share);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Where(Wide mask, Wide yes, Wide no) => Vector256.ConditionalSelect(mask, yes, no);

    /// <summary>The sum of all samples, always in the same order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Wide x)
    {
        var halves = x.GetLower() + x.GetUpper();
        return halves[0] + halves[1] + (halves[2] + halves[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Root(Wide x) => Vector256.Sqrt(x);

    /// <summary>0 below <paramref name="from"/>, 1 above <paramref name="to"/>, smooth between; falls where from exceeds to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Smooth(float from, float to, Wide x)
    {
        var t = Unit((x - from) * (1f / (to - from)));
        return t * t * (3f - (t * 2f));
    }

    /// <summary>Distance to the nearest whole number, 0 to ½.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide FromWhole(Wide x) => Vector256.Abs(x - Vector256.Floor(x + 0.5f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Fifth(Wide x)
    {
        var square = x * x;
        return square * square * x;
    }

    /// <summary>e to the power −x for x of 0 or more, by (1 + x/8 + x²/128)⁻⁸: within 2 % up to x = 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Fade(Wide x)
    {
        var step = 1f / (1f + (x * 0.125f) + (x * x * 0.0078125f));
        step *= step;
        step *= step;
        return step * step;
    }

    /// <summary>The angle of the point (x, y) in half turns, −1 to 1; within 0.00001.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Angle(Wide y, Wide x)
    {
        var ax = Vector256.Abs(x);
        var ay = Vector256.Abs(y);
        var slope = Min(ax, ay) / Max(Max(ax, ay), 1e-12f);
        var s = slope * slope;
        var angle = slope * (0.3182672f + (s * (-0.1051376f + (s * (0.0573407f + (s * (-0.0270987f + (s * 0.0066320f))))))));
        angle = Where(ay > ax, 0.5f - angle, angle);
        angle = Where(x < 0f, 1f - angle, angle);
        return Where(y < 0f, -angle, angle);
    }
}

/// <summary>Eight points, directions or linear colours.</summary>
internal readonly struct Wide3(Wide x, Wide y, Wide z)
{
    public readonly Wide X = x;
    public readonly Wide Y = y;
    public readonly Wide Z = z;

    public Wide3(Vector3 all)
        : this(Vector256.Create(all.X), Vector256.Create(all.Y), Vector256.Create(all.Z))
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 operator +(Wide3 a, Wide3 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 operator -(Wide3 a, Wide3 b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 operator -(Wide3 a) => new(-a.X, -a.Y, -a.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 operator *(Wide3 a, Wide3 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 operator *(Wide3 a, Wide b) => new(a.X * b, a.Y * b, a.Z * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 operator *(Wide3 a, float b) => a * Vector256.Create(b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 operator *(Wide3 a, Vector3 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Dot(Wide3 a, Wide3 b) => (a.X * b.X) + (a.Y * b.Y) + (a.Z * b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide Dot(Wide3 a, Vector3 b) => (a.X * b.X) + (a.Y * b.Y) + (a.Z * b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Wide Length() => Vector256.Sqrt(Dot(this, this));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Wide3 Normalised() => this * (1f / WideMath.Max(Length(), 1e-12f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 Mix(Wide3 a, Wide3 b, Wide share) => a + ((b - a) * share);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 Where(Wide mask, Wide3 yes, Wide3 no) =>
        new(WideMath.Where(mask, yes.X, no.X), WideMath.Where(mask, yes.Y, no.Y), WideMath.Where(mask, yes.Z, no.Z));

    /// <summary>The direction mirrored at a surface with this normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide3 Mirror(Wide3 direction, Wide3 normal) => direction - (normal * (Dot(direction, normal) * 2f));
}
