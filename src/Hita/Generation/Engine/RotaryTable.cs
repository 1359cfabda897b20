using Hita.Generation.Model;

namespace Hita.Generation.Engine;

/// <summary>
/// By how much the patch positions turn queries and keys: an all-zero entry, then the grid in raster order. The first half of a
/// head's pairs turns with the row, the other half with the column.
/// </summary>
internal sealed class RotaryTable
{
    private const double Base = 10000;

    // [N, pairs]; entry 0 stays zero.
    private readonly float[] _cosines;
    private readonly float[] _sines;
    private readonly int _pairs;

    public RotaryTable(GeneratorConfig config)
    {
        _pairs = config.HeadWidth / 2;
        _cosines = new float[config.PatchTokenCount * _pairs];
        _sines = new float[_cosines.Length];
        var half = _pairs / 2;
        for (var entry = 1; entry < config.PatchTokenCount; entry++)
        {
            var (row, column) = Math.DivRem(entry - 1, config.GridWidth);
            for (var pair = 0; pair < _pairs; pair++)
            {
                // Published tables are computed in float32.
                var frequency = (float)(1 / Math.Pow(Base, 4.0 * (pair % half) / config.HeadWidth));
                var angle = (pair < half ? row : column) * frequency;
                _cosines[(entry * _pairs) + pair] = MathF.Cos(angle);
                _sines[(entry * _pairs) + pair] = MathF.Sin(angle);
            }
        }
    }

    /// <summary>Turns the pairs (2i, 2i + 1) of a head.</summary>
    /// <param name="entry">The position's distance from the first one that is turned.</param>
    /// <param name="head">The head's values.</param>
    public void Apply(int entry, Span<float> head)
    {
        var cosines = _cosines.AsSpan(entry * _pairs, _pairs);
        var sines = _sines.AsSpan(entry * _pairs, _pairs);
        for (var i = 0; i < cosines.Length; i++)
        {
            var (a, b) = (head[2 * i], head[(2 * i) + 1]);
            head[2 * i] = (a * cosines[i]) - (b * sines[i]);
            head[(2 * i) + 1] = (b * cosines[i]) + (a * sines[i]);
        }
    }
}
