using static TorchSharp.torch;

namespace Hita.Layers;

/// <summary>Changes of layout between images, grids and sequences.</summary>
internal static class TensorLayout
{
    /// <summary>The same [B, C, H, W] values with channels as the fastest dimension in memory.</summary>
    public static Tensor ToChannelsLast(this Tensor x)
    {
        using var scope = NewDisposeScope();
        return x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>[B, C, H, W] → [B, H·W, C] in raster order.</summary>
    public static Tensor ToSequence(this Tensor grid)
    {
        using var scope = NewDisposeScope();
        return grid.permute(0, 2, 3, 1).reshape(grid.size(0), -1, grid.size(1)).MoveToOuterDisposeScope();
    }

    /// <summary>[B, H·W, C] → [B, C, H, W], channels-last in memory.</summary>
    public static Tensor ToGrid(this Tensor sequence, long height, long width)
    {
        using var scope = NewDisposeScope();
        return sequence.contiguous().view(sequence.size(0), height, width, sequence.size(2)).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }
}
