using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>
/// TensorFlow 1's bilinear resize: pixel i of the result is taken at i · in / out of the source, with no shift by half a pixel
/// and no low-pass, which the published features depend on.
/// </summary>
internal static class TensorflowResize
{
    /// <summary>Resizes [B, C, H, W] of float32 to [B, C, side, side].</summary>
    public static Tensor Resize(Tensor x, int side)
    {
        using var scope = NewDisposeScope();
        // Columns before rows, as the original does; in float32 the order shows in the last bit.
        return Along(Along(x, 3, side), 2, side).MoveToOuterDisposeScope();
    }

    private static Tensor Along(Tensor x, int dimension, int side)
    {
        using var scope = NewDisposeScope();
        var length = (int)x.size(dimension);
        var step = (float)length / side;
        var (low, high, share) = (new int[side], new int[side], new float[side]);
        for (var i = 0; i < side; i++)
        {
            var place = i * step;
            low[i] = (int)place;
            high[i] = Math.Min(low[i] + 1, length - 1);
            share[i] = place - low[i];
        }
        var shape = new long[] { 1, 1, 1, 1 };
        shape[dimension] = side;
        var from = x.index_select(dimension, TensorOps.FromInts(low, side).to(x.device));
        var to = x.index_select(dimension, TensorOps.FromInts(high, side).to(x.device));
        return from.Plus(to.Minus(from).Times(TensorOps.FromFloats(share, shape).to(x.device))).MoveToOuterDisposeScope();
    }
}
