using System.Numerics;

namespace Hita.Materials;

/// <summary>A colour as people describe it, in the perceptual OKLCH space.</summary>
/// <param name="Lightness">0 (black) to 1 (white).</param>
/// <param name="Chroma">0 (grey) to 0.4; more than a screen can show is reduced to what it can, at the same hue.</param>
/// <param name="Hue">Degrees, any number: about 30 is red, 60 orange, 100 yellow, 145 green, 200 cyan, 260 blue, 310 violet.</param>
public readonly record struct SceneColour(float Lightness, float Chroma, float Hue)
{
    /// <summary>The colour in linear light with the primaries of sRGB, each 0 to 1.</summary>
    internal Vector3 ToLinear()
    {
        var (sin, cos) = ExactMath.SinCos(Hue);
        var chroma = (double)Chroma;
        for (var attempt = 0; attempt < 40; attempt++, chroma *= 0.93)
        {
            var colour = FromOklab(Lightness, chroma * cos, chroma * sin);
            if (Math.Min(colour.X, Math.Min(colour.Y, colour.Z)) >= -0.0005f
                && Math.Max(colour.X, Math.Max(colour.Y, colour.Z)) <= 1.0005f)
                return Clamped(colour);
        }
        return Clamped(FromOklab(Lightness, 0, 0));
    }

    // The published matrices of OKLab (B. Ottosson, 2020).
    private static Vector3 FromOklab(double lightness, double a, double b)
    {
        var l = Cube(lightness + (0.3963377774 * a) + (0.2158037573 * b));
        var m = Cube(lightness - (0.1055613458 * a) - (0.0638541728 * b));
        var s = Cube(lightness - (0.0894841775 * a) - (1.2914855480 * b));
        return new Vector3(
            (float)((4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s)),
            (float)((-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s)),
            (float)((-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s)));
    }

    private static double Cube(double x) => x * x * x;

    private static Vector3 Clamped(Vector3 c) =>
        new(Math.Clamp(c.X, 0f, 1f), Math.Clamp(c.Y, 0f, 1f), Math.Clamp(c.Z, 0f, 1f));
}
