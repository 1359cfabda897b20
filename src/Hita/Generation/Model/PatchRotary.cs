using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Generation.Model;

/// <summary>The two-dimensional rotary table of the patch grid, preceded by one all-zero entry.</summary>
/// <remarks>
/// Entry 0 belongs to the position before the first patch and has cos = sin = 0: that position's queries and keys become zero,
/// so it attends uniformly and scores 0 as a key. Published weights were trained so.
/// </remarks>
internal sealed class PatchRotary : IDisposable
{
    private readonly Tensor _cos;
    private readonly Tensor _sin;

    public PatchRotary(GeneratorConfig config, Device device)
    {
        int pairs = config.HeadWidth / 2, entries = 1 + config.PatchTokenCount;
        var (cos, sin) = Angles(config);
        using var scope = NewDisposeScope();
        _cos = TensorOps.FromFloats(cos, entries, pairs).to(device).DetachFromDisposeScope();
        _sin = TensorOps.FromFloats(sin, entries, pairs).to(device).DetachFromDisposeScope();
    }

    /// <summary>The table's values: cosines and sines, [1 + H·W, head width / 2] each.</summary>
    public static (float[] Cos, float[] Sin) Angles(GeneratorConfig config)
    {
        int pairs = config.HeadWidth / 2, half = pairs / 2;
        var cos = new float[(1 + config.PatchTokenCount) * pairs];
        var sin = new float[cos.Length];
        for (var patch = 0; patch < config.PatchTokenCount; patch++)
        {
            int row = patch / config.GridWidth, column = patch % config.GridWidth;
            for (var pair = 0; pair < pairs; pair++)
            {
                // The first half of the pairs turns with the row, the second with the column.
                var frequency = Math.Pow(10000, -4.0 * (pair % half) / config.HeadWidth);
                var angle = (pair < half ? row : column) * frequency;
                var at = ((1 + patch) * pairs) + pair;
                cos[at] = (float)Math.Cos(angle);
                sin[at] = (float)Math.Sin(angle);
            }
        }
        return (cos, sin);
    }

    /// <summary>Turns adjacent pairs of [B, H, T, D] by the entries first … first + T − 1.</summary>
    public Tensor Turn(Tensor x, long first)
    {
        using var scope = NewDisposeScope();
        long count = x.size(2), pairs = x.size(3) / 2;
        var cos = _cos.narrow(0, first, count);
        var sin = _sin.narrow(0, first, count);
        var parts = x.to(ScalarType.Float32).reshape(x.size(0), x.size(1), count, pairs, 2).unbind(4);
        var (a, b) = (parts[0], parts[1]); // [B, H, T, D/2]
        var turned = stack([a.Times(cos).Minus(b.Times(sin)), b.Times(cos).Plus(a.Times(sin))], 4);
        return turned.reshape(x.shape).to(x.dtype).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }
}
