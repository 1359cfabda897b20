using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Hita.Materials.WideMath;
using Wide = System.Runtime.Intrinsics.Vector256<float>;

namespace Hita.Materials;

/// <summary>Textures that fill space, so that a solid shows the block it was cut from.</summary>
internal static class SolidTextures
{
    /// <summary>Smooth noise, 0 to 1, with features about one unit wide.</summary>
    public static Wide Noise(in Wide3 p)
    {
        var fx = Vector256.Floor(p.X);
        var fy = Vector256.Floor(p.Y);
        var fz = Vector256.Floor(p.Z);
        var x = Ease(p.X - fx);
        var y = Ease(p.Y - fy);
        var z = Ease(p.Z - fz);
        var ix = Vector256.ConvertToInt32(fx) * 0x27D4EB2D;
        var iy = Vector256.ConvertToInt32(fy) * 0x165667B1;
        var iz = Vector256.ConvertToInt32(fz) * 0x3C6EF372;
        var jx = ix + Vector256.Create(0x27D4EB2D);
        var jy = iy + Vector256.Create(0x165667B1);
        var jz = iz + Vector256.Create(0x3C6EF372);
        var low = Mix(Mix(Lattice(ix ^ iy ^ iz), Lattice(jx ^ iy ^ iz), x), Mix(Lattice(ix ^ jy ^ iz), Lattice(jx ^ jy ^ iz), x), y);
        var high = Mix(Mix(Lattice(ix ^ iy ^ jz), Lattice(jx ^ iy ^ jz), x), Mix(Lattice(ix ^ jy ^ jz), Lattice(jx ^ jy ^ jz), x), y);
        return Mix(low, high, z);
    }

    /// <summary>Noise at four scales; those finer than a pixel fade out, as a lens would average them.</summary>
    /// <param name="p">The points.</param>
    /// <param name="footprint">Width of a pixel in the units of <paramref name="p"/>.</param>
    public static Wide Clouds(Wide3 p, float footprint)
    {
        var sum = Wide.Zero;
        var total = 0f;
        var weight = 0.5f;
        for (var octave = 0; octave < 4; octave++)
        {
            sum += (Noise(p) - 0.5f) * (weight * Visible(footprint));
            total += weight;
            weight *= 0.5f;
            footprint *= 2.03f;
            // Turned from scale to scale, so that the lattices do not line up.
            p = new Wide3(
                (p.Y * 1.62f) + (p.Z * 1.22f) + 5.3f,
                (p.Z * 1.22f) - (p.Y * 0.73f) + (p.X * 1.46f) + 9.1f,
                (p.X * 1.41f) + (p.Y * 0.97f) - (p.Z * 1.08f) + 2.7f);
        }
        return (sum * (1f / total)) + 0.5f;
    }

    /// <summary>The share of late wood, 0 to 1, in rings around the second axis.</summary>
    public static Wide Rings(in Wide3 p, float footprint, out Wide grain)
    {
        var bend = Noise(new(p.X * 0.9f, p.Y * 0.55f, p.Z * 0.9f)) - 0.5f;
        var x = p.X + (bend * 0.55f) + (p.Y * 0.12f);
        var z = p.Z - (bend * 0.35f);
        var radius = Root((x * x) + (z * z));
        var ring = (radius * 4.8f) + (Noise(new(p.X * 2.2f, p.Y * 0.7f, p.Z * 2.2f)) * 0.9f);
        var phase = ring - Vector256.Floor(ring);
        var fine = Noise(new(p.X * 17f, p.Y * 1.6f, p.Z * 17f));
        var pores = Noise(new(p.X * 46f, p.Y * 2.3f, p.Z * 46f));
        grain = 0.5f + ((fine - 0.5f) * Visible(17f * footprint)) + ((pores - 0.5f) * 0.7f * Visible(46f * footprint));
        // Late wood darkens slowly through the summer and ends abruptly.
        return Smooth(0.15f, 0.86f, phase) * (1f - Smooth(0.88f, 1f, phase));
    }

    /// <summary>The strength of veins, 0 to 1, and of the clouds between them, 0 to 1.</summary>
    public static Wide Veins(in Wide3 p, float footprint, out Wide cloud)
    {
        var q = p * 1.25f;
        cloud = Clouds(q, footprint * 1.25f);
        var side = Noise(new(q.X + 31.7f, q.Y + 11.3f, q.Z + 47.1f)) - 0.5f;
        var bent = new Wide3(q.X + ((cloud - 0.5f) * 2.6f), q.Y + (side * 1.6f), q.Z - ((cloud - 0.5f) * 2.1f));
        var ragged = (Noise(q * 7.1f) - 0.5f) * (0.05f * Visible(footprint * 9f));
        var coarse = Vector256.Abs(Noise(bent * 0.95f) - 0.5f + ragged);
        var fine = Vector256.Abs(Noise(new(bent.Y * 2.1f, bent.Z * 2.1f, bent.X * 2.1f)) - 0.5f);
        var wide = 1f - Smooth(0.0f, 0.085f, coarse);
        var thin = (1f - Smooth(0.0f, 0.05f, fine)) * Smooth(0.42f, 0.6f, cloud);
        return Max(wide, thin * 0.7f);
    }

    /// <summary>1 in every second tile and 0 in the others.</summary>
    public static Wide Checks(in Wide3 tile)
    {
        var sum = Vector256.Floor(tile.X) + Vector256.Floor(tile.Y) + Vector256.Floor(tile.Z);
        return FromWhole(sum * 0.5f) * 2f;
    }

    /// <summary>How much of a pattern with one feature a unit remains visible under pixels this wide.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Visible(float footprint) => Math.Clamp(1.6f - (1.6f * footprint), 0f, 1f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Wide Ease(Wide t) => t * t * (3f - (t * 2f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Wide Lattice(Vector256<int> key)
    {
        key ^= Vector256.ShiftRightLogical(key, 15);
        key *= 0x2C1B3C6D;
        key ^= Vector256.ShiftRightLogical(key, 12);
        key *= 0x297A2D39;
        return Vector256.ConvertToSingle(Vector256.ShiftRightLogical(key, 8)) * (1f / (1 << 24));
    }
}
