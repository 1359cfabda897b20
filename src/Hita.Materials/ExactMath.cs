namespace Hita.Materials;

/// <summary>
/// The few functions whose last bit differs between C libraries, made of arithmetic that does not: scenes rendered on one
/// machine are the scenes of every other.
/// </summary>
internal static class ExactMath
{
    private const int GammaSteps = 8192;
    private static readonly byte[] GammaTable = BuildGammaTable();

    /// <summary>Sine and cosine of an angle in degrees, within 10⁻¹².</summary>
    public static (double Sin, double Cos) SinCos(double degrees)
    {
        var quarter = Math.Round(degrees / 90);
        var x = (degrees - (quarter * 90)) * (Math.PI / 180);
        var s = x * x;
        double sin = 1, cos = 1;
        for (var n = 18; n >= 2; n -= 2)
        {
            sin = 1 - (s / (n * (n + 1)) * sin);
            cos = 1 - (s / ((n - 1) * n) * cos);
        }
        sin *= x;
        return ((((long)quarter % 4) + 4) % 4) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    /// <summary>The sRGB byte of a linear value; values beyond 0 to 1 are clipped.</summary>
    public static byte ToByte(float linear) => GammaTable[(int)((Math.Clamp(linear, 0f, 1f) * GammaSteps) + 0.5f)];

    private static byte[] BuildGammaTable()
    {
        var table = new byte[GammaSteps + 1];
        for (var i = 0; i <= GammaSteps; i++)
        {
            var x = (double)i / GammaSteps;
            var encoded = x <= 0.0031308 ? 12.92 * x : (1.055 * FiveTwelfths(x)) - 0.055;
            table[i] = (byte)((encoded * 255) + 0.5);
        }
        return table;
    }

    // y = x^(5/12) solves y¹² = x⁵; Newton's steps from above converge for every x in (0, 1].
    private static double FiveTwelfths(double x)
    {
        var fifth = x * x * x * x * x;
        var y = 1.0;
        for (var i = 0; i < 64; i++)
        {
            var y3 = y * y * y;
            var y11 = y3 * y3 * y3 * y * y;
            y -= ((y11 * y) - fifth) / (12 * y11);
        }
        return y;
    }
}
